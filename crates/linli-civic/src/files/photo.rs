//! From what was sent to pixels and nothing else. Pure.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use linli_kernel::{Problem, ProblemCode};

/// The most bytes that may be sent.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
/// The longer side of what is kept.
const MAX_PX: u32 = 1_600;
/// The longer side of a thumbnail.
pub const THUMB_PX: u32 = 320;
/// A picture of more pixels is refused before it is decoded: it would fill the memory.
const MAX_DECODED_PX: u32 = 12_000;
const QUALITY: u8 = 82;

/// A photo as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// The JPEG.
    pub jpeg: Vec<u8>,
    /// A small one for lists.
    pub thumb: Vec<u8>,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Photo {
    /// Reads JPEG, PNG or WebP, whatever it calls itself. Slow: call it off the async threads.
    ///
    /// # Errors
    /// `TooLarge`; `NotAnImage` for anything that does not decode.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.len() > MAX_BYTES {
            return Err(ProblemCode::TooLarge.into());
        }
        let image = decode(bytes).ok_or(ProblemCode::NotAnImage)?;
        let image = shrink(image, MAX_PX);
        let jpeg = encode(&image).ok_or(ProblemCode::NotAnImage)?;
        let thumb = encode(&shrink(image.clone(), THUMB_PX)).ok_or(ProblemCode::NotAnImage)?;
        Ok(Self { jpeg, thumb, width: image.width(), height: image.height() })
    }
}

fn decode(bytes: &[u8]) -> Option<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    if !matches!(reader.format()?, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) {
        return None;
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_DECODED_PX);
    limits.max_image_height = Some(MAX_DECODED_PX);
    limits.max_alloc = Some(256 * 1024 * 1024);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    // The orientation is the one thing of the metadata that the picture itself needs.
    let orientation = decoder.orientation().ok()?;
    let mut image = DynamicImage::from_decoder(decoder).ok()?;
    image.apply_orientation(orientation);
    Some(image)
}

fn shrink(image: DynamicImage, longest: u32) -> DynamicImage {
    if image.width().max(image.height()) <= longest { image } else { image.thumbnail(longest, longest) }
}

fn encode(image: &DynamicImage) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    image.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut out, QUALITY)).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut out = Vec::new();
        DynamicImage::new_rgba8(width, height).write_to(&mut Cursor::new(&mut out), ImageFormat::Png).unwrap();
        out
    }

    /// A JPEG with an EXIF block that holds a position and says "turn by 90°".
    fn jpeg_with_exif() -> Vec<u8> {
        let plain = encode(&DynamicImage::new_rgb8(40, 20)).unwrap();
        let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
        tiff.extend_from_slice(&[0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
        tiff.extend_from_slice(&[0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0]);
        tiff.extend_from_slice(&[0, 0, 0, 0]);
        tiff.extend_from_slice(b"GPS-SECRET-109.5099");
        let mut block = b"Exif\0\0".to_vec();
        block.extend_from_slice(&tiff);
        let length = u16::try_from(block.len() + 2).unwrap().to_be_bytes();
        let mut out = plain[..2].to_vec();
        out.extend_from_slice(&[0xFF, 0xE1]);
        out.extend_from_slice(&length);
        out.extend_from_slice(&block);
        out.extend_from_slice(&plain[2..]);
        out
    }

    #[test]
    fn a_large_picture_is_shrunk_and_keeps_its_shape() {
        let photo = Photo::read(&png(3_200, 1_600)).unwrap();
        assert_eq!((photo.width, photo.height), (1_600, 800));
        let thumb = image::load_from_memory(&photo.thumb).unwrap();
        assert_eq!((thumb.width(), thumb.height()), (320, 160));
    }

    #[test]
    fn nothing_but_pixels_is_kept_and_the_picture_is_turned() {
        let sent = jpeg_with_exif();
        assert!(sent.windows(10).any(|part| part == b"GPS-SECRET"));
        let photo = Photo::read(&sent).unwrap();
        assert!(!photo.jpeg.windows(10).any(|part| part == b"GPS-SECRET"));
        assert!(!photo.jpeg.windows(4).any(|part| part == b"Exif"));
        assert_eq!((photo.width, photo.height), (20, 40));
    }

    #[test]
    fn what_is_no_picture_is_refused_whatever_it_is_called() {
        for bytes in [&b"<svg onload=alert(1)>"[..], b"%PDF-1.7", b"", b"GIF89a\x01\0\x01\0\0\0\0", &png(10, 10)[..40]]
        {
            assert_eq!(Photo::read(bytes).unwrap_err().code, ProblemCode::NotAnImage);
        }
        assert_eq!(Photo::read(&vec![0; MAX_BYTES + 1]).unwrap_err().code, ProblemCode::TooLarge);
    }
}
