//! The thread around the engine.

use std::{
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use attenuate::{
    attention::{Component, Preset},
    engine::{Answer, Bundled, Engine, EngineError, Outcome, RequestNumber, RunSpec, Ticket, Worker},
};

use crate::engine::support::{epsilon, fresh, numbers, spec};
use crate::support::grids::{all_at, at};

const SUBMISSIONS: u64 = 10_000;
const PATIENCE: Duration = Duration::from_mins(1);

/// A worker, and what tells that an answer has arrived.
fn spawn<Q: Send + 'static, R: Send + 'static>(
    work: impl FnMut(&Ticket<'_>, Q, &mut dyn FnMut(R)) + Send + 'static,
) -> (Worker<Q, R>, Receiver<()>) {
    let (wake, woken) = channel();
    let worker = Worker::spawn("test", move || _ = wake.send(()), work).unwrap();
    (worker, woken)
}

/// Answers until the one to `last`, that included.
fn answers<Q: Send + 'static, R: Send + 'static>(
    worker: &Worker<Q, R>,
    woken: &Receiver<()>,
    last: RequestNumber,
) -> Vec<(RequestNumber, Answer<R>)> {
    let mut answers = Vec::new();
    while answers.last().is_none_or(|&(number, _)| number != last) {
        woken.recv_timeout(PATIENCE).unwrap();
        answers.push(worker.poll().unwrap());
    }
    answers
}

#[test]
fn a_storm_ends_with_the_newest_and_every_started_request_answers() {
    let (started_sender, started) = channel();
    let (worker, woken) = spawn(move |ticket, request: u64, send: &mut dyn FnMut((u64, bool))| {
        started_sender.send(request).unwrap();
        std::thread::sleep(Duration::from_micros(request % 50));
        send((request, ticket.is_stale()));
    });
    let mut last = 0;
    for request in 1..=SUBMISSIONS {
        let number = worker.submit(request);
        assert!(number > last, "later requests have larger numbers");
        last = number;
    }
    let answers = answers(&worker, &woken, last);
    let answered: Vec<u64> = answers
        .iter()
        .map(|(number, answer)| {
            let Answer::Result((request, is_stale)) = answer else { panic!("{answer:?}") };
            assert!(*number != last || !is_stale, "nothing is newer than the newest");
            *request
        })
        .collect();
    assert!(answers.windows(2).all(|pair| pair[0].0 < pair[1].0), "in order, each once");
    assert_eq!(*answered.last().unwrap(), SUBMISSIONS);
    assert_eq!(started.try_iter().collect::<Vec<_>>(), answered, "nothing that was started is lost");
    assert!(worker.poll().is_none());
}

#[test]
fn a_storm_of_drags_ends_with_the_newest_outcome() {
    let mut engine = Engine::default();
    let (worker, woken) = spawn(move |ticket, spec: RunSpec, send: &mut dyn FnMut(Result<Outcome, EngineError>)| {
        send(engine.run(&spec, &|| ticket.is_stale()));
    });
    let asked = |step: u64| {
        let value = epsilon(10_f64.powf(-(step as f64) / 1000.0));
        spec(Bundled::Austen, Preset::AllLayers).with(|experiment| experiment.epsilon = all_at(value))
    };
    let mut last = 0;
    for step in 1..=SUBMISSIONS {
        last = worker.submit(asked(step));
    }
    for (number, answer) in answers(&worker, &woken, last) {
        match answer {
            Answer::Result(Ok(outcome)) if number == last => {
                assert_eq!(numbers(&outcome), numbers(&fresh(&asked(SUBMISSIONS)).unwrap()));
            }
            Answer::Result(Ok(outcome)) => assert!(outcome.experiment.epsilon != asked(SUBMISSIONS).experiment.epsilon),
            Answer::Result(Err(EngineError::Cancelled)) => assert!(number < last, "the newest is never cancelled"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_panic_in_a_storm_loses_nothing() {
    let (worker, woken) = spawn(|_, request: u64, send: &mut dyn FnMut(u64)| {
        assert!(!request.is_multiple_of(3), "request {request}");
        send(request);
    });
    let mut last = 0;
    for request in 1..=999 {
        last = worker.submit(request);
    }
    let answers = answers(&worker, &woken, last);
    assert!(matches!(&answers.last().unwrap().1, Answer::Panicked(message) if message == "request 999"));
    let number = worker.submit(1000);
    assert_eq!(number, last + 1);
    assert!(woken.recv_timeout(PATIENCE).is_ok());
    assert!(matches!(worker.poll(), Some((found, Answer::Result(1000))) if found == number));
}

#[test]
fn one_request_may_have_many_results() {
    let (worker, woken) = spawn(|_, request: u64, send: &mut dyn FnMut(u64)| (0..request).for_each(send));
    let number = worker.submit(5);
    for expected in 0..5 {
        woken.recv_timeout(PATIENCE).unwrap();
        assert!(
            matches!(worker.poll(), Some((found, Answer::Result(result))) if (found, result) == (number, expected))
        );
    }
}

#[test]
fn dropping_a_busy_worker_stops_it() {
    let (started_sender, started) = channel();
    let (worker, _woken) = spawn(move |ticket, (): (), _: &mut dyn FnMut(())| {
        started_sender.send(()).unwrap();
        // As the engine does between layers.
        while !ticket.is_stale() {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    worker.submit(());
    started.recv_timeout(PATIENCE).unwrap();
    assert!(dropped(worker));
    assert!(started.try_recv().is_err() || started.recv().is_err());
}

#[test]
fn dropping_does_not_start_what_is_waiting() {
    let (started_sender, started) = channel();
    let (release, gate) = channel::<()>();
    let (worker, _woken) = spawn(move |_, request: u64, _: &mut dyn FnMut(())| {
        started_sender.send(request).unwrap();
        let _ = gate.recv_timeout(PATIENCE);
    });
    worker.submit(1);
    started.recv_timeout(PATIENCE).unwrap();
    worker.submit(2);
    let dropping = std::thread::scope(|scope| {
        let dropping = scope.spawn(|| dropped(worker));
        // Long enough for the drop to have closed the slot.
        std::thread::sleep(Duration::from_millis(200));
        release.send(()).unwrap();
        dropping.join().unwrap()
    });
    assert!(dropping);
    assert_eq!(started.iter().collect::<Vec<_>>(), Vec::<u64>::new(), "request 2 was never started");
}

#[test]
fn dropping_an_idle_or_a_panicking_worker_does_not_hang() {
    let (idle, _woken) = spawn(|_, (): (), _: &mut dyn FnMut(())| {});
    assert!(dropped(idle));
    let (panicking, woken) = spawn(|_, (): (), _: &mut dyn FnMut(())| panic!("no"));
    panicking.submit(());
    woken.recv_timeout(PATIENCE).unwrap();
    assert!(dropped(panicking));
    let mut engine = Engine::default();
    let (busy, _woken) = spawn(move |ticket, spec: RunSpec, send: &mut dyn FnMut(bool)| {
        send(engine.effect(&spec, at(Component::Value, 0), &|| ticket.is_stale()).is_ok());
    });
    busy.submit(spec(Bundled::Austen, Preset::AllLayers));
    assert!(dropped(busy));
}

/// Whether dropping comes to an end.
fn dropped<T: Send + 'static>(value: T) -> bool {
    let (sender, done) = channel();
    let thread = std::thread::Builder::new().spawn(move || {
        drop(value);
        let _ = sender.send(());
    });
    thread.is_ok() && done.recv_timeout(PATIENCE).is_ok()
}

#[test]
fn a_cancelled_request_is_told_so_and_one_that_waits_is_never_started() {
    let (started_sender, started) = channel();
    let (release, gate) = channel::<()>();
    let (worker, woken) = spawn(move |ticket, request: u64, send: &mut dyn FnMut((u64, u64, bool))| {
        started_sender.send(request).unwrap();
        let _ = gate.recv_timeout(PATIENCE);
        send((request, ticket.number(), ticket.is_stale()));
    });
    let first = worker.submit(1);
    started.recv_timeout(PATIENCE).unwrap();
    let second = worker.submit(2);
    let cancelled = worker.cancel();
    assert!(first < second && second < cancelled, "numbers only grow");
    release.send(()).unwrap();
    woken.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(worker.poll(), Some((number, Answer::Result((1, own, true)))) if number == first && own == first));
    let third = worker.submit(3);
    release.send(()).unwrap();
    woken.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(worker.poll(), Some((number, Answer::Result((3, _, false)))) if number == third));
    assert_eq!(started.try_iter().collect::<Vec<_>>(), [3], "request 2 was never started");
}
