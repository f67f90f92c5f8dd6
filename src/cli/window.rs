//! `attenuate`: what the window opens on.

use clap::Args;

use super::{
    check,
    shared::{ColumnArguments, InterventionArguments, PlaceArguments, SourceArguments, ViewArguments},
    start,
};
use crate::session::document::{Follow, Start};

/// What the window opens on.
#[derive(Debug, Args)]
pub struct WindowArguments {
    #[command(flatten)]
    pub source: SourceArguments,
    /// Open the source anew whenever its file changes; without it a line in the window offers that
    #[arg(long, help_heading = "Source")]
    pub follow: bool,
    #[command(flatten)]
    pub place: PlaceArguments,
    #[command(flatten)]
    pub columns: ColumnArguments,
    #[command(flatten)]
    pub intervention: InterventionArguments,
    #[command(flatten)]
    pub view: ViewArguments,
}

impl WindowArguments {
    /// # Errors
    /// With one sentence that names the option that cannot be obeyed.
    pub fn check(&self) -> Result<(), String> {
        start::check_source(&self.source)?;
        if self.follow {
            start::check_follow(&self.source)?;
        }
        check::intervention(&self.intervention, &self.source)?;
        check::view(&self.view)
    }
}

/// The arguments of a window, whose session is not read yet.
pub struct WindowTask(pub(super) WindowArguments);

impl WindowTask {
    /// What the window opens on. The source of a saved session is looked for by the window, which can ask.
    ///
    /// # Errors
    /// With one sentence, when the session cannot be read.
    pub fn start(self) -> anyhow::Result<Start> {
        let WindowArguments { source, follow, place, columns, intervention, view } = &self.0;
        let mut start = start::unlocated(source)?;
        for (file, role) in intervention.files() {
            start.inputs.add_file(file, role);
        }
        start.follow = if *follow { Follow::AtOnce } else { Follow::Offer };
        start::intervene(&mut start.session, columns, intervention)?;
        start::place(&mut start.session, *place)?;
        start::show(&mut start.session, view)?;
        Ok(start)
    }
}
