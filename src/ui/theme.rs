//! The look of the window: the only place where colours, text sizes and distances are chosen.
//!
//! Greys are slightly cool and quiet, so that the heatmaps are the brightest thing on screen. There is one accent, a
//! teal that occurs in neither end of the figure's blue–red ramp: it always means "selected" or "yours".

#![expect(clippy::disallowed_methods, reason = "this is the place where the window's colours are made")]

use egui::{
    Color32, Context, CornerRadius, FontDefinitions, FontFamily, FontId, Id, Margin, Shadow, Stroke, Style, TextStyle,
    Theme, Ui, Vec2, Visuals,
    style::{ScrollAnimation, ScrollStyle, Selection, TextCursorStyle, WidgetVisuals, Widgets},
    vec2,
};

use crate::{
    attention::{Column, Component},
    figure::{Colormap, Rgb},
};

/// Distances in points. Every gap in the window is one of these.
pub mod space {
    /// Between a mark and its label.
    pub const XS: f32 = 4.0;
    /// Between widgets that belong together.
    pub const S: f32 = 8.0;
    /// Between groups, and inside cards.
    pub const M: f32 = 12.0;
    /// Around panels.
    pub const L: f32 = 16.0;
    /// Between sections.
    pub const XL: f32 = 24.0;
}

/// The squares behind a transparent page, on every ground.
pub const SQUARES: [Color32; 2] = [Color32::WHITE, Color32::from_gray(0xDE)];
/// For pictures that bring their own colours.
pub const UNTINTED: Color32 = Color32::WHITE;
/// Behind a token that is read, the more opaque the more. Text of both themes is legible on it.
pub const READS_MORE: Color32 = Color32::from_rgb(0xE0, 0x8A, 0x1E);
/// The same of one that is read less, where it is a difference.
pub const READS_LESS: Color32 = Color32::from_rgb(0x3B, 0x76, 0xE1);
/// Corner radius of controls in points.
pub const RADIUS: u8 = 5;
/// Seconds that opening and closing take.
const ANIMATION_TIME: f32 = 0.12;
/// Corner radius of windows, menus and cards in points.
pub const CARD_RADIUS: u8 = 8;

/// The colours of one ground. Text colours keep a contrast of at least 4.5 : 1 on `ground` and `surface`, outlines and
/// marks at least 3 : 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colors {
    /// Behind panels.
    pub ground: Color32,
    /// Fields, cards, menus and windows.
    pub surface: Color32,
    /// A control at rest.
    pub raised: Color32,
    /// A control under the pointer.
    pub raised_hover: Color32,
    /// Separators and grid lines.
    pub line: Color32,
    /// Frames of panels, outlines of controls, ticks.
    pub outline: Color32,
    /// Ordinary text.
    pub text: Color32,
    /// Axis labels, hints, units.
    pub text_weak: Color32,
    /// Headings and what the pointer is on.
    pub text_strong: Color32,
    /// Selected, focused, the handle.
    pub accent: Color32,
    /// Behind selected text and chips.
    pub accent_soft: Color32,
    /// Text on `accent`.
    pub on_accent: Color32,
    /// The glow around whatever has the keyboard focus, outside its own outline.
    pub focus: Color32,
    /// Something was done.
    pub success: Color32,
    /// Something to know.
    pub warning: Color32,
    /// Something failed.
    pub error: Color32,
    /// Behind a text that was refused.
    pub error_soft: Color32,
    /// Cells that a query cannot attend to: quiet, and unlike any weight.
    pub masked: Color32,
    /// Lines over the heatmap through the hovered cell.
    pub crosshair: Color32,
    /// Around the crosshair, so that it shows on any colour of the ramp.
    pub crosshair_halo: Color32,
    /// The pinned cell.
    pub pin: Color32,
    /// Around the pin.
    pub pin_halo: Color32,
    /// The outline of the selected panel.
    pub selection: Color32,
    /// Lines of the columns, the first three apart in hue and in lightness: [`Self::of_column`].
    pub series: [Color32; 6],
    /// Lines of Query, Key, Value and Output, apart in hue from each other and from those of the columns.
    pub components: [Color32; Component::ALL.len()],
    /// Behind the part of an ε axis where most of the change happens.
    pub transition: Color32,
    /// Behind a token at whose step a change is largest.
    pub tint: Color32,
    /// Bars above and below zero, in the hues of the figure's ramp.
    pub positive: Color32,
    /// Bars below zero, in the hue of the figure's ramp.
    pub negative: Color32,
    /// Over a picture that is older than the settings.
    pub veil: Color32,
    /// Under menus, cards and toasts.
    pub shadow: Color32,
}

impl Colors {
    /// Of a column's lines; beyond the sixth they begin again.
    pub const fn of_column(&self, column: Column) -> Color32 {
        self.series[column.index() % self.series.len()]
    }
}

const LIGHT: Colors = Colors {
    ground: Color32::from_rgb(0xF6, 0xF7, 0xF9),
    surface: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    raised: Color32::from_rgb(0xE9, 0xEC, 0xF0),
    raised_hover: Color32::from_rgb(0xDD, 0xE2, 0xE8),
    line: Color32::from_rgb(0xDC, 0xE0, 0xE6),
    outline: Color32::from_rgb(0x83, 0x8E, 0x9B),
    text: Color32::from_rgb(0x20, 0x26, 0x2D),
    text_weak: Color32::from_rgb(0x56, 0x61, 0x6D),
    text_strong: Color32::from_rgb(0x0B, 0x0F, 0x14),
    accent: Color32::from_rgb(0x0B, 0x76, 0x71),
    accent_soft: Color32::from_rgb(0xDC, 0xF0, 0xEE),
    on_accent: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    focus: Color32::from_rgba_premultiplied(0x05, 0x37, 0x35, 0x78),
    success: Color32::from_rgb(0x1B, 0x75, 0x40),
    warning: Color32::from_rgb(0x8F, 0x55, 0x00),
    error: Color32::from_rgb(0xB3, 0x26, 0x1E),
    error_soft: Color32::from_rgb(0xFB, 0xE9, 0xE7),
    masked: Color32::from_rgb(0xE7, 0xEA, 0xEE),
    crosshair: Color32::from_rgb(0x10, 0x14, 0x18),
    crosshair_halo: Color32::from_rgba_premultiplied(0xA0, 0xA0, 0xA0, 0xA0),
    pin: Color32::from_rgb(0xFF, 0xC2, 0x33),
    pin_halo: Color32::from_rgb(0x10, 0x14, 0x18),
    selection: Color32::from_rgb(0x0B, 0x76, 0x71),
    series: [
        Color32::from_rgb(0x0B, 0x76, 0x71),
        Color32::from_rgb(0x9A, 0x5B, 0x00),
        Color32::from_rgb(0x6A, 0x3D, 0xA8),
        Color32::from_rgb(0xA3, 0x2E, 0x2E),
        Color32::from_rgb(0x4A, 0x5A, 0x6A),
        Color32::from_rgb(0x7A, 0x4A, 0x35),
    ],
    components: [
        Color32::from_rgb(0x2B, 0x5F, 0xC4),
        Color32::from_rgb(0xB0, 0x30, 0x7A),
        Color32::from_rgb(0x4A, 0x73, 0x00),
        Color32::from_rgb(0x8C, 0x52, 0x0A),
    ],
    transition: Color32::from_rgb(0xF5, 0xE3, 0xB9),
    tint: Color32::from_rgb(0xF4, 0xB4, 0x9C),
    positive: Color32::from_rgb(0xB8, 0x2B, 0x30),
    negative: Color32::from_rgb(0x2A, 0x6B, 0xB0),
    veil: Color32::from_rgba_premultiplied(0x91, 0x92, 0x93, 0x97),
    shadow: Color32::from_black_alpha(0x26),
};

const DARK: Colors = Colors {
    ground: Color32::from_rgb(0x15, 0x18, 0x1C),
    surface: Color32::from_rgb(0x1C, 0x20, 0x25),
    raised: Color32::from_rgb(0x29, 0x2E, 0x35),
    raised_hover: Color32::from_rgb(0x35, 0x3B, 0x44),
    line: Color32::from_rgb(0x2E, 0x34, 0x3C),
    outline: Color32::from_rgb(0x6B, 0x76, 0x82),
    text: Color32::from_rgb(0xD9, 0xDE, 0xE4),
    text_weak: Color32::from_rgb(0x98, 0xA2, 0xAD),
    text_strong: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    accent: Color32::from_rgb(0x4C, 0xC2, 0xB8),
    accent_soft: Color32::from_rgb(0x15, 0x42, 0x40),
    on_accent: Color32::from_rgb(0x06, 0x20, 0x1E),
    focus: Color32::from_rgba_premultiplied(0x2C, 0x70, 0x6A, 0x93),
    success: Color32::from_rgb(0x5C, 0xCB, 0x86),
    warning: Color32::from_rgb(0xF0, 0xB0, 0x4A),
    error: Color32::from_rgb(0xFF, 0x7B, 0x72),
    error_soft: Color32::from_rgb(0x3A, 0x1D, 0x1C),
    masked: Color32::from_rgb(0x25, 0x2A, 0x30),
    crosshair: Color32::from_rgb(0xF2, 0xF5, 0xF8),
    crosshair_halo: Color32::from_black_alpha(0xA0),
    pin: Color32::from_rgb(0xFF, 0xC2, 0x33),
    pin_halo: Color32::from_rgb(0x10, 0x14, 0x18),
    selection: Color32::from_rgb(0x4C, 0xC2, 0xB8),
    series: [
        Color32::from_rgb(0x4C, 0xC2, 0xB8),
        Color32::from_rgb(0xF0, 0xB0, 0x4A),
        Color32::from_rgb(0xB9, 0x9A, 0xF5),
        Color32::from_rgb(0xF2, 0x86, 0x7A),
        Color32::from_rgb(0xA9, 0xB4, 0xC0),
        Color32::from_rgb(0xD6, 0xA5, 0x8E),
    ],
    components: [
        Color32::from_rgb(0x78, 0xAE, 0xFF),
        Color32::from_rgb(0xF7, 0x8F, 0xC4),
        Color32::from_rgb(0xA9, 0xCF, 0x5C),
        Color32::from_rgb(0xE3, 0xB3, 0x6B),
    ],
    transition: Color32::from_rgb(0x66, 0x52, 0x20),
    tint: Color32::from_rgb(0x80, 0x3C, 0x22),
    positive: Color32::from_rgb(0xF2, 0x86, 0x7A),
    negative: Color32::from_rgb(0x79, 0xAE, 0xEC),
    veil: Color32::from_rgba_premultiplied(0x0D, 0x0F, 0x11, 0xA0),
    shadow: Color32::from_black_alpha(0x78),
};

/// The colours for a dark or a light ground.
pub const fn colors(dark: bool) -> &'static Colors {
    if dark { &DARK } else { &LIGHT }
}

/// The colours for the ground that `ui` is painted on.
pub fn of(ui: &Ui) -> &'static Colors {
    colors(ui.visuals().dark_mode)
}

/// Installs both styles. Which of them is used stays with [`Context::set_theme`].
pub fn apply(ctx: &Context) {
    ctx.set_fonts(fonts());
    for theme in [Theme::Light, Theme::Dark] {
        ctx.set_style_of(theme, style(theme));
    }
}

/// Whether what opens, closes and scrolls does so at once.
pub fn set_motion(ctx: &Context, reduced: bool) {
    let last = Id::unique("reduced motion");
    if ctx.data(|data| data.get_temp::<bool>(last)).unwrap_or_default() == reduced {
        return;
    }
    ctx.data_mut(|data| data.insert_temp(last, reduced));
    let (time, scrolling) =
        if reduced { (0.0, ScrollAnimation::none()) } else { (ANIMATION_TIME, ScrollAnimation::default()) };
    ctx.all_styles_mut(|style| (style.animation_time, style.scroll_animation) = (time, scrolling));
}

/// egui's own fonts; arrows and a few signs that the proportional one lacks come from the monospaced one.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let monospace = fonts.families.get(&FontFamily::Monospace).and_then(|names| names.first()).cloned();
    if let Some(proportional) = fonts.families.get_mut(&FontFamily::Proportional) {
        proportional.extend(monospace);
    }
    fonts
}

fn style(theme: Theme) -> Style {
    let mut style = Style {
        text_styles: [
            (TextStyle::Heading, FontId::new(17.0, FontFamily::Proportional)),
            (TextStyle::Body, FontId::new(13.5, FontFamily::Proportional)),
            (TextStyle::Button, FontId::new(13.5, FontFamily::Proportional)),
            (TextStyle::Small, FontId::new(11.5, FontFamily::Proportional)),
            (TextStyle::Monospace, FontId::new(12.5, FontFamily::Monospace)),
        ]
        .into(),
        visuals: visuals(theme == Theme::Dark),
        animation_time: ANIMATION_TIME,
        ..Style::default()
    };
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(space::S, 6.0);
    spacing.button_padding = vec2(10.0, 3.0);
    spacing.interact_size = vec2(36.0, 26.0);
    spacing.window_margin = Margin::same(12);
    spacing.menu_margin = Margin::same(6);
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 9.0;
    spacing.icon_spacing = 6.0;
    spacing.slider_rail_height = 4.0;
    spacing.tooltip_width = 360.0;
    spacing.scroll = ScrollStyle { bar_width: 8.0, floating_width: 4.0, ..ScrollStyle::thin() };
    style.interaction.tooltip_delay = 0.35;
    style
}

fn visuals(dark: bool) -> Visuals {
    let c = colors(dark);
    let base = if dark { Visuals::dark() } else { Visuals::light() };
    Visuals {
        weak_text_color: Some(c.text_weak),
        widgets: widgets(c),
        selection: Selection { bg_fill: c.accent_soft, stroke: Stroke::new(1.5, c.accent) },
        hyperlink_color: c.accent,
        faint_bg_color: c.raised.gamma_multiply(0.5),
        extreme_bg_color: c.surface,
        code_bg_color: c.raised,
        warn_fg_color: c.warning,
        error_fg_color: c.error,
        window_corner_radius: CornerRadius::same(CARD_RADIUS),
        window_shadow: Shadow { offset: [0, 8], blur: 24, spread: 0, color: c.shadow },
        window_fill: c.surface,
        window_stroke: Stroke::new(1.0, c.line),
        menu_corner_radius: CornerRadius::same(CARD_RADIUS),
        panel_fill: c.ground,
        popup_shadow: Shadow { offset: [0, 4], blur: 12, spread: 0, color: c.shadow },
        text_cursor: TextCursorStyle { stroke: Stroke::new(1.5, c.accent), ..base.text_cursor.clone() },
        slider_trailing_fill: true,
        ..base
    }
}

fn widgets(c: &Colors) -> Widgets {
    let state = |fill: Color32, outline: Stroke, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: outline,
        corner_radius: CornerRadius::same(RADIUS),
        fg_stroke: Stroke::new(1.2, text),
        expansion: 0.0,
    };
    Widgets {
        noninteractive: state(c.ground, Stroke::new(1.0, c.line), c.text),
        inactive: state(c.raised, Stroke::new(1.0, c.line), c.text),
        hovered: state(c.raised_hover, Stroke::new(1.0, c.outline), c.text_strong),
        // egui shows the keyboard focus with the active look, so this outline must be plain to see.
        active: state(c.raised_hover, Stroke::new(2.0, c.accent), c.text_strong),
        open: state(c.raised_hover, Stroke::new(1.0, c.outline), c.text_strong),
    }
}

/// The least size of anything that can be clicked, in points.
pub const TARGET: Vec2 = vec2(24.0, 24.0);

/// A colour of the figure's ramp, for the screen.
pub const fn from_figure(color: Rgb) -> Color32 {
    let [red, green, blue] = color.0;
    Color32::from_rgb(red, green, blue)
}

/// The colours of the figure's ramp from low to high, for the screen.
pub fn ramp(colormap: Colormap) -> Vec<Color32> {
    colormap.table().colors.iter().map(|&color| from_figure(color)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, WCAG 2.2.
    fn luminance(color: Color32) -> f64 {
        let linear = |byte: u8| {
            let s = f64::from(byte) / 255.0;
            if s <= 0.04045 { s / 12.92 } else { ((s + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_and_marks_stand_out_on_both_grounds() {
        for c in [&LIGHT, &DARK] {
            for ground in [c.ground, c.surface] {
                for text in [c.text, c.text_weak, c.text_strong, c.accent, c.success, c.warning, c.error] {
                    assert!(contrast(text, ground) >= 4.5, "{text:?} on {ground:?}: {}", contrast(text, ground));
                }
                for line in c.components.into_iter().chain(c.series) {
                    assert!(contrast(line, ground) >= 3.0 && contrast(line, c.transition) >= 3.0, "{line:?}");
                }
                for mark in [c.outline, c.positive, c.negative] {
                    assert!(contrast(mark, ground) >= 3.0, "{mark:?} on {ground:?}: {}", contrast(mark, ground));
                }
            }
            for (text, fill) in [
                (c.on_accent, c.accent),
                (c.text, c.raised),
                (c.text_strong, c.raised_hover),
                (c.accent, c.accent_soft),
                (c.error, c.error_soft),
                (c.text, c.tint),
            ] {
                assert!(contrast(text, fill) >= 4.5, "{text:?} on {fill:?}: {}", contrast(text, fill));
            }
        }
    }

    #[test]
    fn both_styles_are_installed() {
        let ctx = Context::default();
        apply(&ctx);
        assert_eq!(ctx.style_of(Theme::Dark).visuals.panel_fill, DARK.ground);
        assert_eq!(ctx.style_of(Theme::Light).visuals.panel_fill, LIGHT.ground);
        assert!(ctx.style_of(Theme::Dark).visuals.dark_mode);
    }
}
