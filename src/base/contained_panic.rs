//! Containing panics: a panic inside a crate that reads other people's files becomes an error of ours.

use std::{
    any::Any,
    backtrace::{Backtrace, BacktraceStatus},
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind},
};

thread_local! {
    static IS_CONTAINED: Cell<bool> = const { Cell::new(false) };
    static HEARD: RefCell<Option<Heard>> = const { RefCell::new(None) };
}

/// What the hook has learnt of a panic.
struct Heard {
    place: Option<String>,
    backtrace: Backtrace,
}

/// A panic that became an error.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ContainedPanic {
    /// What it said.
    pub message: String,
    /// `FILE:LINE:COLUMN`, where the program's hook has [heard](hear_panic) of it.
    pub place: Option<String>,
    /// The calls that led there, likewise, and only where `RUST_BACKTRACE` asks for them.
    pub calls: Option<String>,
}

/// Whether a panic of this thread would become an error.
pub fn is_contained() -> bool {
    IS_CONTAINED.get()
}

/// For a program's panic hook: whether `panic` becomes an error, whose place is now known, so that there is nothing to
/// print. One that follows while the first is still on its way ends the program, and is to be printed.
pub fn hear_panic(panic: &PanicHookInfo<'_>) -> bool {
    if !is_contained() {
        return false;
    }
    let heard = Heard { place: panic.location().map(ToString::to_string), backtrace: Backtrace::capture() };
    HEARD.try_with(|before| before.replace(Some(heard))).is_ok_and(|before| before.is_none())
}

/// What `work` returns, or the panic in which it ended.
///
/// For calls into other crates alone, which are given a file's contents or talk to the window system: a damaged file or a
/// lost display is no defect of this program. What `work` was changing must be thrown away after an error. The panic hook
/// is the program's own: it runs all the same, and can ask [`hear_panic`].
///
/// # Errors
/// When `work` panicked.
pub fn contained<R>(work: impl FnOnce() -> R) -> Result<R, ContainedPanic> {
    let was_contained = IS_CONTAINED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    IS_CONTAINED.set(was_contained);
    result.map_err(|payload| {
        let (place, backtrace) = HEARD.take().map_or((None, None), |heard| (heard.place, Some(heard.backtrace)));
        let calls = backtrace.filter(|calls| calls.status() == BacktraceStatus::Captured);
        ContainedPanic { message: message(&*payload), place, calls: calls.map(|calls| calls.to_string()) }
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref().map(String::as_str));
    text.unwrap_or("it stopped without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_the_next_call_works() {
        assert!(contained(is_contained).unwrap());
        let message = |work: fn()| contained(work).map_err(|panic| panic.to_string());
        assert_eq!(message(|| panic!("index {}", 7)), Err("index 7".to_owned()));
        assert_eq!(message(|| panic!("plain")), Err("plain".to_owned()));
        assert!(contained(|| contained(|| panic!("inner")).is_err()).unwrap());
        assert!(!is_contained());
    }
}
