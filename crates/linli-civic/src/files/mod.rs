//! 照片: what people attach. Sniffed, decoded and encoded anew, so that nothing but pixels is kept: no position,
//! no camera, no hidden payload. Served only to those who may see the case.
//!
//! Rules
//! - At most 10 MB in; at most 1,600 pixels on the longer side out; JPEG.
//! - From a phone a photo comes after the record that it belongs to, part by part; its place is kept meanwhile.
//! - A photo that is not attached to a case or a visit within a day is removed.

pub mod http;
pub mod parts;
mod photo;
mod store;

pub use photo::{MAX_BYTES, Photo, THUMB_PX};
pub use store::{
    Attachment, Files, attach, attach_to_visit, loose_by_sent, loose_older_than, loose_own, n_here, of_case, of_visit,
    release_visit,
};
