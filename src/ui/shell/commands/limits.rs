//! The menu that sets the ends of the colour scale.

use egui::{Id, RichText, TextEdit, Ui};

use crate::{
    figure::{ColorNorm, Limits, LogLimits, NormError, NormScale},
    session::Command,
    ui::{jobs::pictures::Frame, shell::action::Actions, theme, widgets::with_accessible_name},
};

const FIELD_WIDTH: f32 = 84.0;

/// What is typed, until it is applied; forgotten when the scale becomes another.
#[derive(Clone, Debug, PartialEq)]
struct Draft {
    scale: NormScale,
    low: String,
    high: String,
}

impl Draft {
    fn of(scale: NormScale) -> Self {
        let [low, high] = match ColorNorm::fixed(scale) {
            ColorNorm::LogLimits(limits) => [limits.low(), limits.high()],
            _ => match scale {
                NormScale::Linear(limits) => [limits.low(), limits.high()],
                #[expect(clippy::cast_possible_truncation, reason = "the precision of pictures")]
                NormScale::Log(_) => scale.ends().map(|end| end as f32),
            },
        };
        Self { scale, low: low.to_string(), high: high.to_string() }
    }

    /// The norm that is typed: as linear or logarithmic as the one in force.
    fn norm(&self) -> Result<ColorNorm, NormError> {
        let number = |text: &str| text.trim().parse::<f32>().map_err(|_| NormError::Number(text.trim().to_owned()));
        let (low, high) = (number(&self.low)?, number(&self.high)?);
        match self.scale {
            NormScale::Linear(_) => Limits::new(low, high).map(ColorNorm::Linear),
            NormScale::Log(_) => LogLimits::new(low, high).map(ColorNorm::LogLimits),
        }
    }
}

/// Two fields for limits of one's own.
pub fn limits_ui(ui: &mut Ui, frame: Option<&Frame>, actions: &mut Actions) {
    ui.separator();
    let Some(frame) = frame else { return };
    // Menus take the outlines away, by which a field is known.
    ui.set_style(ui.ctx().global_style());
    // Those of the panel that the bar speaks of would change with the pointer.
    let scale = frame.pictures.panels.as_slice()[0].palette.scale();
    let id = Id::unique("limits draft");
    let kept = ui.data(|data| data.get_temp::<Draft>(id)).filter(|draft| draft.scale == scale);
    let mut typed = kept.unwrap_or_else(|| Draft::of(scale));
    let mut is_entered = false;
    for (name, text) in [("Lowest", &mut typed.low), ("Highest", &mut typed.high)] {
        ui.horizontal(|ui| {
            let field = with_accessible_name(ui.add(TextEdit::singleline(text).desired_width(FIELD_WIDTH)), name);
            is_entered |= field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            ui.label(name);
        });
    }
    let norm = typed.norm();
    if let Err(error) = &norm {
        ui.label(RichText::new(error.to_string()).small().color(theme::of(ui).error));
    }
    let is_clicked = ui.add_enabled(norm.is_ok(), egui::Button::new("Use these limits")).clicked();
    if (is_clicked || is_entered)
        && let Ok(norm) = norm
    {
        actions.push(Command::SetNorm(norm).into());
    }
    ui.data_mut(|data| data.insert_temp(id, typed));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_limits_of_the_same_kind() {
        let mut draft = Draft::of(ColorNorm::Auto.resolve(|| Limits::new(-11.0, 5.0).ok()));
        assert_eq!((draft.low.as_str(), draft.high.as_str()), ("-11", "5"));
        draft.high = " 7.5 ".to_owned();
        assert_eq!(draft.norm().unwrap().to_string(), "-11:7.5");
        draft.high = "much".to_owned();
        assert!(draft.norm().unwrap_err().to_string().contains("“much”"));
        draft.high = "-20".to_owned();
        assert!(matches!(draft.norm(), Err(NormError::Limits(..))));
        let mut draft = Draft::of(ColorNorm::LOG.resolve(|| None));
        draft.high = "2".to_owned();
        assert_eq!(draft.norm().unwrap().to_string(), "log:0.0001:2");
    }
}
