//! How much memory is free.

use sysinfo::{MemoryRefreshKind, System};

/// Bytes of memory that can be taken without pushing other programs out of it; `None` where the system does not say.
pub fn available_memory() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    Some(system.available_memory()).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_some_memory_and_not_more_than_its_own() {
        let mut system = System::new().unwrap();
        system.refresh_memory();
        let available = available_memory().unwrap();
        assert!((1 << 20..=system.total_memory()).contains(&available), "{available}");
    }
}
