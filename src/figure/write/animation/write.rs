//! From ε to frames to a file.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use rayon::prelude::*;

use super::{
    AnimationError, AnimationFormat,
    files::{AnimatedFile, Apng, Gif},
    film::Film,
    frames::on_page,
};
use crate::{
    base::{ProtectedFiles, write_atomically},
    engine::{Engine, EngineError, Job, KnownTexts, Outcome, Progress, RunSpec},
    figure::{
        Arrangement, ColorNorm, FigureStyle, Limits, LimitsFrom, Look, Measure, Picture, TextStrip, render,
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
    /// throughout; limits of each panel are each frame's own. Returns what is otherwise than asked for in some frame, each
    /// sentence once.
    ///
    /// # Errors
    /// When a frame cannot be computed or drawn, when the job was cancelled, or when `out` takes no more.
    pub fn write(
        &self,
        engine: &mut Engine,
        out: &mut dyn Write,
        job: &Job<'_>,
    ) -> Result<BTreeSet<String>, AnimationError> {
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
    ) -> Result<BTreeSet<String>, AnimationError> {
        let (mut failure, mut fitted) = (None, BTreeSet::new());
        let written = write_atomically(path, protected, |out| {
            self.write(engine, out, job).map(|found| fitted = found).map_err(|error| match error {
                AnimationError::Write(error) => error,
                other => {
                    failure = Some(other);
                    io::ErrorKind::InvalidData.into()
                }
            })
        });
        failure.map_or(Ok(()), Err).and(written.map_err(Into::into)).map(|()| fitted)
    }

    fn write_as<'a, F: AnimatedFile<'a>>(
        &self,
        engine: &mut Engine,
        out: &'a mut dyn Write,
        job: &Job<'_>,
    ) -> Result<BTreeSet<String>, AnimationError> {
        let specs = self.specs()?;
        let look = Look { norm: self.norm_of_all(engine, job)?, ..self.style.look };
        let style = FigureStyle { look, ..self.style.clone() };
        let mut known = KnownTexts::default();
        let first = self.frame(engine, &mut known, &specs[0], job)?;
        let of_first = FigureStyle { strip: first.strip.clone(), ..style.clone() };
        let style = FigureStyle { arrangement: Self::arrangement(&first.outcome, &specs, &of_first)?, ..style };
        let draw = |Frame { outcome, strip }: &Frame| -> Result<(Picture, Vec<String>), AnimationError> {
            let style = FigureStyle { strip: strip.clone(), ..style.clone() };
            let drawn = figure(outcome, &style)?;
            Ok((render(&drawn, style.dpi)?, drawn.fitted))
        };
        let (first, of_first) = draw(&first)?;
        let mut fitted: BTreeSet<String> = of_first.into_iter().collect();
        let size = [first.width, first.height];
        let mut file = F::begin(out, self, size, specs.len())?;
        file.write(F::encode(None, &first))?;
        job.progress(Progress { done: 1, of: specs.len() });
        let mut n_done = 1;
        let mut last = first;
        for specs_of_part in specs[1..].chunks(AT_ONCE) {
            let of_part = specs_of_part.iter().map(|spec| self.frame(engine, &mut known, spec, job));
            let frames: Vec<Frame> = of_part.collect::<Result<_, _>>()?;
            let mut pictures: Vec<Picture> = vec![last];
            let drawn: Vec<(Picture, Vec<String>)> = frames.par_iter().map(draw).collect::<Result<_, _>>()?;
            for (picture, of_frame) in drawn {
                pictures.push(on_page(picture, size));
                fitted.extend(of_frame);
            }
            let encoded: Vec<F::Frame> =
                pictures.par_windows(2).map(|pair| F::encode(Some(&pair[0]), &pair[1])).collect();
            for frame in encoded {
                file.write(frame)?;
                job.check()?;
                n_done += 1;
                job.progress(Progress { done: n_done, of: specs.len() });
            }
            last = pictures.swap_remove(pictures.len() - 1);
        }
        file.finish().map(|()| fitted)
    }

    /// What is drawn of a request.
    fn frame(
        &self,
        engine: &mut Engine,
        known: &mut KnownTexts,
        spec: &RunSpec,
        job: &Job<'_>,
    ) -> Result<Frame, EngineError> {
        let outcome = run(engine, spec, job)?;
        let Some((lines, writing)) = &self.strip else { return Ok(Frame { outcome, strip: None }) };
        let is_cancelled = || job.is_cancelled();
        // Its progress is of tokens, and the film's of frames.
        let texts = engine.panel_texts_beside(known, &Job::until(&is_cancelled), spec, writing, &mut |_| {})?;
        Ok(Frame { outcome, strip: Some(TextStrip { lines: *lines, texts: Arc::new(texts) }) })
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

/// What is drawn as one frame.
struct Frame {
    outcome: Outcome,
    strip: Option<TextStrip>,
}

fn run(engine: &mut Engine, spec: &RunSpec, job: &Job<'_>) -> Result<Outcome, EngineError> {
    engine.run(spec, &|| job.is_cancelled())
}
