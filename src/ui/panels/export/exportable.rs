//! What could be exported now.

use std::sync::Arc;

use crate::{
    engine::{Fingerprints, PanelTexts, Sweep},
    session::{Session, document::Inputs},
    ui::{jobs::pictures::Frame, panels::text::ShownTexts},
};

/// The session, and what is on screen as far as it answers the session.
#[derive(Clone, Copy)]
pub struct Exportable<'a> {
    pub session: &'a Session,
    /// Once all its panels answer the session.
    pub frame: Option<&'a Frame>,
    /// Once it is complete.
    pub sweep: Option<&'a Arc<Sweep>>,
    /// Once they are complete.
    pub texts: Option<&'a ShownTexts>,
    /// What the model writes in all panels, once it is complete.
    pub all_texts: Option<&'a Arc<PanelTexts>>,
    /// Why there is none.
    pub no_texts: Option<&'a str>,
    pub fingerprints: &'a Arc<Fingerprints>,
    /// What was read for it, which must not be replaced.
    pub inputs: &'a Inputs,
}
