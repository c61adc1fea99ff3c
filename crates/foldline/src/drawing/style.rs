//! Colours of figures, and how a shape is drawn.

use std::fmt::Write;

use super::pixels;

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

impl Color {
    /// For words, axes and outlines.
    pub const INK: Self = Self(0x26, 0x26, 0x2b);
    /// For what stays in the background.
    pub const GRAY: Self = Self(0xb4, 0xb4, 0xba);

    /// Dark blue over green to yellow, for 0 ≤ share ≤ 1: readable without seeing colours.
    pub fn sequential(share: f64) -> Self {
        const STOPS: [[f64; 3]; 5] = [
            [62.0, 38.0, 105.0],
            [52.0, 94.0, 141.0],
            [38.0, 148.0, 138.0],
            [120.0, 200.0, 88.0],
            [250.0, 229.0, 60.0],
        ];
        let place = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
        let before = (place as usize).min(STOPS.len() - 2);
        let part = place - before as f64;
        let mix =
            |k: usize| (STOPS[before][k] * (1.0 - part) + STOPS[before + 1][k] * part).round();
        Self(mix(0) as u8, mix(1) as u8, mix(2) as u8)
    }

    /// A colour for the category with this number; the first eight are easily told apart, and
    /// neighbours among later ones are far from each other in hue.
    pub fn category(index: usize) -> Self {
        const FIRST: [Color; 8] = [
            Color(0x3b, 0x75, 0xaf),
            Color(0xe6, 0x8a, 0x2e),
            Color(0x54, 0x9f, 0x57),
            Color(0xc4, 0x4e, 0x52),
            Color(0x8a, 0x6f, 0xb5),
            Color(0x8c, 0x6d, 0x5a),
            Color(0xd4, 0x83, 0xb8),
            Color(0x5f, 0xb4, 0xc4),
        ];
        if let Some(color) = FIRST.get(index) {
            return *color;
        }
        // Steps of the golden angle never come close to an earlier hue soon.
        let hue = (index as f64 * 137.507_764).rem_euclid(360.0);
        let lightness = [0.62, 0.74, 0.5][index % 3];
        Self::from_hue(hue, 0.48, lightness)
    }

    fn from_hue(hue: f64, saturation: f64, lightness: f64) -> Self {
        let reach = saturation * lightness.min(1.0 - lightness);
        let channel = |offset: f64| {
            let place = (offset + hue / 30.0).rem_euclid(12.0);
            let value = lightness - reach * (place - 3.0).min(9.0 - place).clamp(-1.0, 1.0);
            (value * 255.0).round() as u8
        };
        Self(channel(0.0), channel(8.0), channel(4.0))
    }

    pub(super) fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// How a shape is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// Its inside; none: empty.
    pub fill: Option<Color>,
    /// Its outline; none: no line.
    pub stroke: Option<Color>,
    /// Width of the outline in pixels.
    pub width: f64,
    /// From 0, invisible, to 1.
    pub opacity: f64,
    /// Whether the outline is dashed.
    pub dashed: bool,
    /// What a browser shows when the pointer rests on the shape.
    pub title: Option<String>,
}

impl Style {
    /// A shape without an outline.
    pub fn filled(fill: Color) -> Self {
        let (stroke, title) = (None, None);
        Self { fill: Some(fill), stroke, width: 1.0, opacity: 1.0, dashed: false, title }
    }

    /// An outline only.
    pub fn line(stroke: Color, width: f64) -> Self {
        Self { fill: None, stroke: Some(stroke), width, ..Self::filled(stroke) }
    }

    /// The same with an outline.
    #[must_use]
    pub fn outlined(self, stroke: Color, width: f64) -> Self {
        Self { stroke: Some(stroke), width, ..self }
    }

    /// The same, dashed.
    #[must_use]
    pub fn dashed(self) -> Self {
        Self { dashed: true, ..self }
    }

    /// The same, seen through.
    #[must_use]
    pub fn with_opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }

    /// The same with words for the pointer.
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    pub(super) fn attributes(&self) -> String {
        let mut text = match self.fill {
            Some(color) => format!(r#" fill="{}""#, color.hex()),
            None => r#" fill="none""#.to_owned(),
        };
        if let Some(color) = self.stroke {
            let _ = write!(text, r#" stroke="{}""#, color.hex());
            if self.width != 1.0 {
                let _ = write!(text, r#" stroke-width="{}""#, pixels(self.width));
            }
            if self.dashed {
                text.push_str(r#" stroke-dasharray="5 4""#);
            }
        }
        if self.opacity != 1.0 {
            let _ = write!(text, r#" opacity="{}""#, pixels(self.opacity));
        }
        text
    }
}
