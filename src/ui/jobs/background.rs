//! Work that is done once on a thread of its own, and answers always: also when it panics.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, Sender, channel},
};

/// Starts jobs and hands over their results. Dropping it lets running jobs finish unheard.
pub struct Background<R> {
    sender: Sender<Option<R>>,
    results: Receiver<Option<R>>,
    running: usize,
}

impl<R> Default for Background<R> {
    fn default() -> Self {
        let (sender, results) = channel();
        Self { sender, results, running: 0 }
    }
}

/// What became of a job.
#[derive(Debug, PartialEq, Eq)]
pub enum Finished<R> {
    Done(R),
    /// It panicked, or there was no thread for it.
    Broken,
}

impl<R: Send + 'static> Background<R> {
    /// Runs `work` on a thread called `name` and repaints when it is done.
    pub fn start(&mut self, ctx: &egui::Context, name: &str, work: impl FnOnce() -> R + Send + 'static) {
        let (sender, repaint) = (self.sender.clone(), ctx.clone());
        let job = move || {
            let result = catch_unwind(AssertUnwindSafe(work)).ok();
            // A closed channel means that the window is gone.
            let _ = sender.send(result);
            repaint.request_repaint();
        };
        self.running += 1;
        if std::thread::Builder::new().name(name.to_owned()).spawn(job).is_err() {
            let _ = self.sender.send(None);
        }
    }

    pub fn is_running(&self) -> bool {
        self.running > 0
    }

    /// The next result, if one has arrived.
    pub fn poll(&mut self) -> Option<Finished<R>> {
        let result = self.results.try_recv().ok()?;
        self.running -= 1;
        Some(result.map_or(Finished::Broken, Finished::Done))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(jobs: &mut Background<u32>) -> Finished<u32> {
        loop {
            if let Some(finished) = jobs.poll() {
                return finished;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn every_job_answers() {
        let (mut jobs, ctx) = (Background::default(), egui::Context::default());
        jobs.start(&ctx, "fine", || 7);
        assert!(jobs.is_running());
        assert_eq!(wait(&mut jobs), Finished::Done(7));
        jobs.start(&ctx, "broken", || panic!("on purpose"));
        assert_eq!(wait(&mut jobs), Finished::Broken);
        assert!(!jobs.is_running());
    }
}
