//! A few drawn pictures, so that pages with photos are not empty. Plainly drawings: nobody's street.

use image::{ImageFormat, Rgb, RgbImage};

use anyhow::Context;
use linli_civic::files::Photo;

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;

/// What a drawing shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// A lamp at night.
    Lamp,
    /// A road with a hole.
    Road,
    /// Bins and bags.
    Bins,
    /// Stairs.
    Stairs,
    /// Water on the ground.
    Water,
    /// Trees.
    Trees,
    /// Cars.
    Cars,
    /// Done: the same place in order.
    Done,
}

impl Scene {
    /// Every drawing.
    pub const ALL: [Self; 8] =
        [Self::Lamp, Self::Road, Self::Bins, Self::Stairs, Self::Water, Self::Trees, Self::Cars, Self::Done];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lamp => "lamp",
            Self::Road => "road",
            Self::Bins => "bins",
            Self::Stairs => "stairs",
            Self::Water => "water",
            Self::Trees => "trees",
            Self::Cars => "cars",
            Self::Done => "done",
        }
    }

    /// The drawing that fits a matter.
    #[must_use]
    pub fn of(category: &str, parent: &str) -> Self {
        match (category, parent) {
            ("lamp" | "stair_light", _) => Self::Lamp,
            ("sewage" | "drain" | "leak" | "water_off", _) => Self::Water,
            (_, "sanitation") => Self::Bins,
            (_, "green") => Self::Trees,
            (_, "traffic") | ("fire_lane" | "stall", _) => Self::Cars,
            (_, "facilities") => Self::Road,
            _ => Self::Stairs,
        }
    }

    /// Draws it.
    ///
    /// # Errors
    /// When our own picture does not pass our own check.
    pub fn photo(self) -> anyhow::Result<Photo> {
        let mut png = Vec::new();
        self.draw().write_to(&mut std::io::Cursor::new(&mut png), ImageFormat::Png).context("cannot draw a picture")?;
        Photo::read(&png).map_err(|problem| anyhow::anyhow!("a drawn picture is refused: {}", problem.code.as_str()))
    }

    fn draw(self) -> RgbImage {
        let night = self == Self::Lamp;
        let (sky, ground) = if night { ([28, 36, 62], [52, 56, 66]) } else { ([186, 210, 226], [150, 150, 146]) };
        let mut canvas = Canvas(RgbImage::from_fn(WIDTH, HEIGHT, |_, y| Rgb(if y < 300 { sky } else { ground })));
        for (nth, wall) in [[201, 178, 150], [188, 166, 142], [208, 190, 166]].into_iter().enumerate() {
            let left = 20 + 210 * u32::try_from(nth).unwrap_or(0);
            canvas.block(left, 90, 170, 210, if night { wall.map(|tone: u8| tone / 3) } else { wall });
            for window in 0..12 {
                let (column, row) = (window % 3, window / 3);
                let lit = if night { [226, 196, 110] } else { [120, 144, 160] };
                canvas.block(left + 20 + column * 50, 110 + row * 46, 28, 26, lit);
            }
        }
        match self {
            Self::Lamp => {
                canvas.block(316, 120, 8, 240, [90, 92, 98]);
                canvas.disc(320, 116, 22, [70, 72, 78]);
            }
            Self::Road => {
                canvas.disc(320, 400, 62, [88, 84, 78]);
                canvas.disc(336, 408, 40, [58, 54, 50]);
            }
            Self::Bins => {
                for (left, colour) in [(180, [46, 120, 74]), (270, [40, 92, 150]), (360, [120, 120, 120])] {
                    canvas.block(left, 300, 70, 110, colour);
                }
                for left in [170, 250, 330, 420] {
                    canvas.disc(left, 424, 30, [40, 40, 44]);
                }
            }
            Self::Stairs => {
                for step in 0..7 {
                    canvas.block(140 + step * 50, 430 - step * 26, 50, 26 * (step + 1), [170, 164, 156]);
                }
                canvas.block(330, 250, 90, 60, [150, 96, 58]);
            }
            Self::Water => {
                canvas.disc(300, 410, 66, [96, 130, 146]);
                canvas.disc(390, 420, 52, [110, 142, 156]);
            }
            Self::Trees => {
                for left in [150, 320, 490] {
                    canvas.block(left - 8, 250, 16, 140, [104, 78, 56]);
                    canvas.disc(left, 220, 64, [70, 122, 72]);
                }
            }
            Self::Cars => {
                for (left, colour) in [(70, [200, 60, 56]), (270, [232, 232, 232]), (470, [66, 84, 110])] {
                    canvas.block(left, 350, 130, 44, colour);
                    canvas.block(left + 26, 316, 78, 36, colour);
                    canvas.disc(left + 28, 396, 17, [30, 30, 30]);
                    canvas.disc(left + 102, 396, 17, [30, 30, 30]);
                }
            }
            Self::Done => {
                canvas.block(60, 380, 520, 8, [236, 236, 230]);
                canvas.disc(320, 350, 30, [60, 150, 96]);
            }
        }
        canvas.0
    }
}

struct Canvas(RgbImage);

impl Canvas {
    fn block(&mut self, left: u32, top: u32, width: u32, height: u32, colour: [u8; 3]) {
        for y in top..(top + height).min(HEIGHT) {
            for x in left..(left + width).min(WIDTH) {
                self.0.put_pixel(x, y, Rgb(colour));
            }
        }
    }

    fn disc(&mut self, centre_x: u32, centre_y: u32, radius: u32, colour: [u8; 3]) {
        let top = centre_y.saturating_sub(radius);
        for y in top..(centre_y + radius).min(HEIGHT) {
            for x in centre_x.saturating_sub(radius)..(centre_x + radius).min(WIDTH) {
                if x.abs_diff(centre_x).pow(2) + y.abs_diff(centre_y).pow(2) <= radius * radius {
                    self.0.put_pixel(x, y, Rgb(colour));
                }
            }
        }
    }
}
