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
/// A longer side is refused before anything is decoded.
const MAX_DECODED_PX: u32 = 12_000;
/// A picture that would take more memory than this is refused before it is decoded: a megabyte of PNG can hold a gigabyte.
const MAX_DECODED_BYTES: u64 = 160 * 1024 * 1024;
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
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    // `into_decoder` checks the sides only; the memory is ours to check.
    if decoder.total_bytes() > MAX_DECODED_BYTES {
        return None;
    }
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
    fn a_small_file_that_would_fill_the_memory_is_refused_undecoded() {
        // A valid header that promises 12,000 × 12,000 pixels of 16-bit RGBA: 1.15 GB.
        let mut out = Vec::new();
        DynamicImage::new_rgba16(2, 2).write_to(&mut Cursor::new(&mut out), ImageFormat::Png).unwrap();
        out[16..20].copy_from_slice(&12_000_u32.to_be_bytes());
        out[20..24].copy_from_slice(&12_000_u32.to_be_bytes());
        let crc = crc32(&out[12..29]);
        out[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(Photo::read(&out).unwrap_err().code, ProblemCode::NotAnImage);
    }

    /// CRC-32 as PNG has it.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
        })
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
