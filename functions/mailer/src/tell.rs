//! What is told on the bus of a change.

use loyalty::program::Programs;
use platform::bus::BusEvent;
use platform::store::Changed;

/// The domain events of a change.
pub(crate) fn events(_changed: &Changed, _programs: &Programs) -> Vec<BusEvent> {
    Vec::new()
}
