//! From ε to frames to a file.

use std::{
    io::{self, Write},
    path::Path,
};

use rayon::prelude::*;

use super::{
    AnimationError, AnimationFormat,
    files::{AnimatedFile, Apng, Gif},
    film::Film,
    frames::fitted,
};
use crate::{
    base::{ProtectedFiles, write_atomically},
    engine::{Engine, EngineError, Job, Outcome, Progress, RunSpec},
    figure::{
        Arrangement, ColorNorm, FigureStyle, Limits, LimitsFrom, Look, Measure, Picture, render,
        scale::panel_scales::range, write::draw::figure,
    },
};

/// Frames that are drawn at once.
const AT_ONCE: usize = 4;

impl Film {
    /// Writes the film to `out`, a few frames in memory at a time, and tells `job` how many are in the file. The same
    /// film gives the same bytes.
    ///
    /// Limits that come from the cells of all panels are those of all frames, so that one colour is one value
    /// throughout; limits of each panel are each frame's own.
    ///
    /// # Errors
    /// When a frame cannot be computed or drawn, when the job was cancelled, or when `out` takes no more.
    pub fn write(&self, engine: &mut Engine, out: &mut dyn Write, job: &Job<'_>) -> Result<(), AnimationError> {
        match self.format {
            AnimationFormat::Apng => self.write_as::<Apng<'_>>(engine, out, job),
            AnimationFormat::Gif => self.write_as::<Gif<'_>>(engine, out, job),
        }
    }

    /// Writes the film into a file that is not `protected`, whole or not at all.
    ///
    /// # Errors
    /// As [`Film::write`], and when the folder does not take the file or it is protected.
    pub fn save(
        &self,
        path: &Path,
        protected: &ProtectedFiles,
        engine: &mut Engine,
        job: &Job<'_>,
    ) -> Result<(), AnimationError> {
        let mut failure = None;
        let written = write_atomically(path, protected, |out| {
            self.write(engine, out, job).map_err(|error| match error {
                AnimationError::Write(error) => error,
                other => {
                    failure = Some(other);
                    io::ErrorKind::InvalidData.into()
                }
            })
        });
        failure.map_or(Ok(()), Err).and(written.map_err(Into::into))
    }

    fn write_as<'a, F: AnimatedFile<'a>>(
        &self,
        engine: &mut Engine,
        out: &'a mut dyn Write,
        job: &Job<'_>,
    ) -> Result<(), AnimationError> {
        let specs = self.specs()?;
        let look = Look { norm: self.norm_of_all(engine, job)?, ..self.style.look };
        let style = FigureStyle { look, ..self.style.clone() };
        let first = run(engine, &specs[0], job)?;
        let style = FigureStyle { arrangement: Self::arrangement(&first, &specs, &style)?, ..style };
        let draw = |outcome: &Outcome| -> Result<Picture, AnimationError> {
            Ok(render(&figure(outcome, &style)?, style.dpi)?)
        };
        let first = draw(&first)?;
        let size = [first.width, first.height];
        let mut file = F::begin(out, self, size, specs.len())?;
        file.write(F::encode(None, &first))?;
        job.progress(Progress { done: 1, of: specs.len() });
        let mut n_done = 1;
        let mut last = first;
        for specs_of_part in specs[1..].chunks(AT_ONCE) {
            let outcomes: Vec<Outcome> =
                specs_of_part.iter().map(|spec| run(engine, spec, job)).collect::<Result<_, _>>()?;
            let mut pictures: Vec<Picture> = vec![last];
            let drawn: Vec<Picture> = outcomes.par_iter().map(draw).collect::<Result<_, _>>()?;
            pictures.extend(drawn.into_iter().map(|picture| fitted(picture, size)));
            let frames: Vec<F::Frame> =
                pictures.par_windows(2).map(|pair| F::encode(Some(&pair[0]), &pair[1])).collect();
            for frame in frames {
                file.write(frame)?;
                job.check()?;
                n_done += 1;
                job.progress(Progress { done: n_done, of: specs.len() });
            }
            last = pictures.swap_remove(pictures.len() - 1);
        }
        file.finish()
    }

    /// How all frames are laid out: as the one whose ε takes the most room.
    fn arrangement(
        first: &Outcome,
        specs: &[RunSpec],
        style: &FigureStyle,
    ) -> Result<Option<Arrangement>, AnimationError> {
        let length = |spec: &&RunSpec| -> usize {
            spec.experiment.epsilon.as_slice().iter().map(|epsilon| epsilon.to_string().len()).sum()
        };
        let Some(longest) = specs.iter().max_by_key(length) else { return Ok(None) };
        let mut outcome = first.clone();
        outcome.experiment.epsilon = longest.experiment.epsilon.clone();
        Ok(figure(&outcome, style)?.arrangement)
    }

    /// One request for each frame.
    fn specs(&self) -> Result<Vec<RunSpec>, AnimationError> {
        let (shape, found) = (self.spec.experiment.shape(), self.animation.column);
        let last = shape.n_columns() - 1;
        let column = shape.column(found).ok_or(AnimationError::Column { last, found })?;
        let at = |epsilon| {
            self.spec.clone().with(|experiment| {
                for (_, of_panel) in experiment.epsilon.iter_mut().filter(|(panel, _)| panel.column == column) {
                    *of_panel = epsilon;
                }
            })
        };
        Ok(self.animation.epsilons().into_iter().map(at).collect())
    }

    /// The norm with limits that are true of all frames.
    fn norm_of_all(&self, engine: &mut Engine, job: &Job<'_>) -> Result<ColorNorm, AnimationError> {
        let Look { norm, limits_from, quantity, .. } = self.style.look;
        if !norm.is_automatic() || limits_from == LimitsFrom::EachPanel {
            return Ok(norm);
        }
        let mut ends: Vec<f32> = Vec::new();
        for spec in self.specs()?.iter().take(self.animation.n_frames) {
            let outcome = run(engine, spec, job)?;
            let measures = Measure::of_panels(quantity, &outcome);
            let ranges: Vec<_> = measures.as_slice().par_iter().filter_map(range).collect();
            ends.extend(ranges.as_flattened());
        }
        Ok(ColorNorm::fixed(norm.resolve(|| Limits::around(ends))))
    }
}

fn run(engine: &mut Engine, spec: &RunSpec, job: &Job<'_>) -> Result<Outcome, EngineError> {
    engine.run(spec, &|| job.is_cancelled())
}
