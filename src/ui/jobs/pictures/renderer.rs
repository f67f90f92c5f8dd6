//! Answers a question for pictures on its lane's thread: from a request to frames and details, panel by panel where it
//! takes long.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    details::{self, Known},
    frame::{Presentation, Request},
    watcher::{PacedRenderer, PicturesPart, Watcher},
};
use crate::engine::{Engine, EngineError, Job, Lane, Question, SourceId};

/// A run may be given up for a newer request only after this long: a drag over a fast source shows every step that
/// it finishes, and a slow one is not waited for.
const PATIENCE: Duration = Duration::from_millis(120);

/// Pictures of all panels, and what goes with them.
#[derive(Clone)]
pub struct PicturesQuestion {
    pub source: SourceId,
    pub request: Request,
    /// What draws them; no part of what is asked.
    pub renderer: Arc<Renderer>,
}

impl PartialEq for PicturesQuestion {
    fn eq(&self, other: &Self) -> bool {
        (self.source, &self.request) == (other.source, &other.request)
    }
}

impl Question for PicturesQuestion {
    type Part = PicturesPart;

    const LANE: Lane = Lane::Pictures;

    fn answer(
        &self,
        engine: &mut Engine,
        job: &Job<'_>,
        send: &mut dyn FnMut(PicturesPart),
    ) -> Result<(), EngineError> {
        let mut drawing = lock(&self.renderer.drawing);
        let Drawing { paced, known } = &mut *drawing;
        let watcher = Watcher::new(job, &self.request, &self.renderer.presentation, paced, send);
        job.set_patience(PATIENCE);
        let spec = &self.request.spec;
        let each_step = |_| watcher.send_waiting();
        let heard = job.heard_by(&each_step);
        let outcome =
            engine.run_for(&heard, spec, watcher.presentation().selected, &mut |partial| watcher.so_far(partial))?;
        watcher.forget_waiting();
        let presentation = watcher.send_whole(&outcome)?;
        // Details are given up at once, and others need not wait for them.
        job.set_patience(Duration::ZERO);
        job.relax();
        details::send(engine, known, &outcome, presentation, &watcher)
    }
}

/// What draws the panels, and what they look like by now. Shared by the window and the thread that draws.
#[derive(Default)]
pub struct Renderer {
    /// Those of the newest request.
    presentation: Mutex<Option<Presentation>>,
    drawing: Mutex<Drawing>,
}

impl Renderer {
    /// What is drawn from now on is drawn as `presentation` says.
    pub fn set_presentation(&self, presentation: Presentation) {
        *lock(&self.presentation) = Some(presentation);
    }
}

/// What was drawn last, and what is known of it.
#[derive(Default)]
struct Drawing {
    paced: PacedRenderer,
    known: Known,
}

/// Held data is valid after any panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::mpsc::channel};

    use super::*;
    use crate::{
        attention::{Column, Component, Epsilon, PanelId},
        engine::{Answer, Clock, OpenSource, Service, SourceSpec},
        figure::Grain,
        session::{Command, Session},
    };

    /// A capture of one head, of zeros: its pictures cost as much as any.
    fn capture(folder: &Path, n_positions: usize) -> Arc<OpenSource> {
        let data = vec![0; 4 * n_positions];
        let view = || safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![n_positions, 1], &data);
        let path = folder.join("zeros.safetensors");
        std::fs::write(&path, safetensors::serialize([("q", view().unwrap()), ("k", view().unwrap())], None).unwrap())
            .unwrap();
        Arc::new(OpenSource::open(&SourceSpec::Capture(path), &Job::unwatched()).unwrap())
    }

    fn request(source: &OpenSource, epsilon: f64) -> Request {
        let first = PanelId { component: Component::Query, column: Column::FIRST };
        let session = Session::default().with([
            Command::Locate(source.facts().source.clone()),
            Command::SetLayer(0),
            Command::SetHead(0),
            Command::SelectPanel(first),
            Command::SetEpsilon(Epsilon::new(epsilon).unwrap()),
        ]);
        let picture = session.view().picture_spec([50; 2], crate::figure::Ground::Light);
        let presentation = Presentation { picture, selected: first, inspector: false };
        Request { spec: session.run_spec(), presentation }
    }

    /// The frames of a request as it is worked on at `pace`, until all is there.
    fn grains(pace: f64) -> Vec<Grain> {
        let folder = tempfile::tempdir().unwrap();
        let (source, clock, (wake, woken)) = (capture(folder.path(), 1024), Clock::stopped(), channel());
        let service = Service::new(clock.clone(), move || _ = wake.send(())).unwrap();
        service.keep(source.clone());
        let renderer = Arc::<Renderer>::default();
        lock(&renderer.drawing).paced.pace = pace;
        let port = service.port();
        port.submit(PicturesQuestion { source: source.id(), request: request(&source, 0.5), renderer });
        let mut grains = Vec::new();
        for _ in 0..60_000 {
            match port.poll() {
                Some((_, Answer::Part(PicturesPart::Frame(frame)))) => grains.push(frame.grain),
                Some((_, Answer::Part(PicturesPart::Details(_)))) => {}
                Some((_, Answer::Done)) => return grains,
                Some(_) => break,
                // Whoever waits for the hand to rest is woken; whoever draws is waited for.
                None => _ = (clock.advance(Duration::from_millis(60)), woken.recv_timeout(Duration::from_millis(1))),
            }
        }
        panic!("no details after {grains:?}");
    }

    #[test]
    fn what_would_be_late_is_drawn_coarsely_first() {
        assert_eq!(grains(1e12), [Grain::Fine]);
        assert_eq!(grains(1e6), [Grain::Coarse, Grain::Fine]);
    }
}
