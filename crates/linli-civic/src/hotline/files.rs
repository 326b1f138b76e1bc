//! Where the hotline's files wait, and what finds areas by its words.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::place::Places;
use crate::areas::tree::AreaTree;
use crate::sheets::Folder;

/// What finds areas, and the areas that it was made of.
type PlacesOf = (Arc<AreaTree>, Arc<Places>);

/// Where uploaded files wait, and what finds the places of their orders.
#[derive(Clone)]
pub struct Inbox {
    /// The files.
    pub files: Folder,
    places: Arc<Mutex<Option<PlacesOf>>>,
}

impl Inbox {
    /// In `folder`, made when first needed.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { files: Folder::new(folder), places: Arc::new(Mutex::new(None)) }
    }

    /// What finds areas by the hotline's words; made anew when an area changed.
    #[must_use]
    pub fn places(&self, tree: &Arc<AreaTree>) -> Arc<Places> {
        let mut kept = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, places)) = kept.as_ref().filter(|(of, _)| Arc::ptr_eq(of, tree)) {
            return Arc::clone(places);
        }
        let places = Arc::new(Places::new(Arc::clone(tree)));
        *kept = Some((Arc::clone(tree), Arc::clone(&places)));
        places
    }
}
