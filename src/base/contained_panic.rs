//! Containing panics: a panic inside a crate that reads other people's files becomes an error of ours.

use std::{
    any::Any,
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

thread_local! {
    static IS_CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread would become an error: a program's panic hook has nothing to print then.
pub fn is_contained() -> bool {
    IS_CONTAINED.get()
}

/// What `work` returns, or the message with which it panicked.
///
/// For calls into other crates alone that are given a file's contents: a damaged file is no defect of this program.
/// What `work` was changing must be thrown away after an error. The panic hook is the program's own: it runs all the
/// same, and can ask [`is_contained`].
///
/// # Errors
/// When `work` panicked.
pub fn contained<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    let was_contained = IS_CONTAINED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    IS_CONTAINED.set(was_contained);
    result.map_err(|payload| message(&*payload))
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
        assert_eq!(contained(is_contained), Ok(true));
        assert_eq!(contained(|| panic!("index {}", 7)), Err::<(), _>("index 7".to_owned()));
        assert_eq!(contained(|| panic!("plain")), Err::<(), _>("plain".to_owned()));
        assert_eq!(contained(|| contained(|| panic!("inner")).is_err()), Ok(true));
        assert!(!is_contained());
    }
}
