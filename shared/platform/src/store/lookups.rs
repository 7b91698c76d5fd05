//! Orders that have to be asked for at their source.

use loyalty::ids::OrderRef;

use super::{Scene, Store, StoreError};

impl Store {
    /// Notes that an order is to be looked up at its source.
    pub async fn want_lookup(&self, scene: &Scene<'_>, order: &OrderRef) -> Result<(), StoreError> {
        let _ = (scene, order);
        Ok(())
    }
}
