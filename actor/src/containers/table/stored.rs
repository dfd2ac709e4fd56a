//! A table in storage: one row for each entry.
//!
//! The key is what [`order`](crate::containers::order) makes of the key, the value is the entry in postcard.

use serde::{Serialize, de::DeserializeOwned};

use super::{Read, Table, cache::Entry};
use crate::{
    codec,
    containers::{
        base::{Base, Written, put_all},
        span::Span,
        walk,
    },
    field::Field,
    layout::Layout,
    problem::Result,
    store::{Batch, Slot},
};

/// A stored value as an entry.
pub(super) fn decode<V: DeserializeOwned>(read: Option<&Read<V>>, bytes: &[u8]) -> Result<V, String> {
    read.map_or_else(|| codec::decode(bytes), |read| read(bytes))
}

impl<V: Serialize> walk::Change for Box<Entry<V>> {
    fn is_there(&self) -> bool {
        self.value.is_some()
    }

    fn encode(&self) -> Result<Vec<u8>> {
        self.value.as_ref().map_or(Ok(Vec::new()), codec::encode)
    }
}

impl<K, V> Field for Table<K, V>
where
    K: Serialize + DeserializeOwned + 'static,
    V: Serialize + DeserializeOwned + 'static,
{
    fn layout(&self) -> Layout {
        Layout::container("table", [Layout::of::<K>(), Layout::of::<V>()])
    }

    /// Reads nothing yet.
    fn load(&mut self, _: &[u8], slot: &Slot) -> Result<()> {
        *self = Self { base: Base::at(slot), ..Self::default() };
        Ok(())
    }

    fn commit(&mut self, slot: &Slot, batch: &mut Batch) -> Result<()> {
        self.base.commit(slot, batch)?;
        let written = self.written()?;
        match self.read.clone() {
            None => put_all(batch, slot, written),
            Some(read) => {
                let convert = move |bytes: &[u8]| codec::encode(&read(bytes)?).map_err(|why| why.to_string());
                self.base.rewrite(slot, batch, Span::ALL, written, Box::new(convert));
            }
        }
        Ok(())
    }

    fn committed(&mut self, slot: &Slot) {
        self.base.committed(slot);
        self.read = None;
        for (key, entry) in std::mem::take(&mut self.changes) {
            self.cache.replace(key, entry);
        }
    }

    /// Forgets what was changed, so that it is read again.
    fn rollback(&mut self, slot: &Slot) -> Result<()> {
        if !self.base.is_at(slot) || self.read.is_some() {
            return self.load(&[], slot);
        }
        self.base.rollback();
        self.changes.clear();
        Ok(())
    }

    fn trim(&mut self) {
        self.cache.trim();
    }
}

impl<K, V: Serialize> Table<K, V> {
    fn written(&mut self) -> Result<Written> {
        let mut written = Written::with_capacity(self.changes.len());
        for (key, entry) in &mut self.changes {
            let value = entry.value.as_ref().map(codec::encode).transpose()?;
            entry.bytes = value.as_ref().map_or(0, Vec::len);
            written.push((key.clone(), value));
        }
        Ok(written)
    }
}
