//! The threads around the engine: the newest question of each port wins, every one that was begun is answered, lanes
//! wait for those that go first, and all of them share what was computed.

use std::{
    cell::Cell,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use attenuate::{
    attention::{Component, Preset},
    engine::{
        Answer, Bundled, Clock, Engine, EngineError, Job, Lane, Outcome, Port, Question, RequestNumber, RunSpec,
        Service,
    },
};

use crate::{
    engine::support::{epsilon, fresh, numbers, spec},
    support::grids::{all_at, at},
};

const SUBMISSIONS: u64 = 10_000;
const PATIENCE: Duration = Duration::from_mins(1);
const SHIPS: usize = 3;

/// What a test does with a question.
type Work<Q, R> =
    dyn Fn(&mut Engine, &Job<'_>, &Q, &mut dyn FnMut(R)) -> Result<(), EngineError> + Send + Sync + 'static;

/// A question that is answered by what a test says, in a lane of [`Lane::ALL`].
struct Ask<Q, R, const LANE: usize = SHIPS> {
    request: Q,
    work: Arc<Work<Q, R>>,
}

impl<Q: Clone, R, const LANE: usize> Clone for Ask<Q, R, LANE> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone(), work: self.work.clone() }
    }
}

impl<Q: PartialEq, R, const LANE: usize> PartialEq for Ask<Q, R, LANE> {
    fn eq(&self, other: &Self) -> bool {
        self.request == other.request
    }
}

impl<Q: Clone + PartialEq + Send + 'static, R: Send + 'static, const LANE: usize> Question for Ask<Q, R, LANE> {
    type Part = R;

    const LANE: Lane = Lane::ALL[LANE];

    fn answer(&self, engine: &mut Engine, job: &Job<'_>, send: &mut dyn FnMut(R)) -> Result<(), EngineError> {
        (self.work)(engine, job, &self.request, send)
    }
}

/// Asks in one lane of a service of its own, and is woken by its answers.
struct Asker<Q, R, const LANE: usize = SHIPS>
where
    Ask<Q, R, LANE>: Question<Part = R>,
{
    port: Port<Ask<Q, R, LANE>>,
    work: Arc<Work<Q, R>>,
    woken: Receiver<()>,
    service: Service,
}

impl<Q: Clone + PartialEq + Send + 'static, R: Send + 'static> Asker<Q, R> {
    fn new(
        work: impl Fn(&mut Engine, &Job<'_>, &Q, &mut dyn FnMut(R)) -> Result<(), EngineError> + Send + Sync + 'static,
    ) -> Self {
        let (wake, woken) = channel();
        let service = Service::new(Clock::default(), move || _ = wake.send(())).unwrap();
        Self { port: service.port(), work: Arc::new(work), woken, service }
    }

    fn submit(&self, request: Q) -> RequestNumber {
        self.port.submit(Ask { request, work: self.work.clone() })
    }

    fn next(&self) -> (RequestNumber, Answer<R>) {
        self.woken.recv_timeout(PATIENCE).unwrap();
        self.port.poll().unwrap()
    }

    fn next_part(&self) -> (RequestNumber, R) {
        match self.next() {
            (number, Answer::Part(part)) => (number, part),
            (number, Answer::Done) => panic!("{number} is done"),
            (number, Answer::Failed(error)) => panic!("{number}: {error}"),
            (number, Answer::Panicked(message)) => panic!("{number}: {message}"),
        }
    }

    fn next_end(&self) -> (RequestNumber, Answer<R>) {
        loop {
            match self.next() {
                (_, Answer::Part(_)) => {}
                end => return end,
            }
        }
    }

    /// All that comes until the end of `last`, that included.
    fn until(&self, last: RequestNumber) -> Vec<(RequestNumber, Answer<R>)> {
        let mut answers = Vec::new();
        while !answers.last().is_some_and(|(number, answer)| *number == last && !matches!(answer, Answer::Part(_))) {
            answers.push(self.next());
        }
        answers
    }
}

/// Work that says that it has begun and waits to be let on.
#[expect(clippy::type_complexity, reason = "three ends, taken apart at once")]
fn gated() -> (Asker<u64, (u64, bool)>, Receiver<u64>, Sender<()>) {
    let (started_sender, started) = channel();
    let (release, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let asker = Asker::new(move |_, job: &Job<'_>, request: &u64, send: &mut dyn FnMut((u64, bool))| {
        started_sender.send(*request).unwrap();
        let _ = gate.lock().unwrap().recv_timeout(PATIENCE);
        send((*request, job.is_stale()));
        Ok(())
    });
    (asker, started, release)
}

#[test]
fn a_storm_ends_with_the_newest_and_every_started_question_answers() {
    let (started_sender, started) = channel();
    let asker = Asker::new(move |_, job: &Job<'_>, request: &u64, send: &mut dyn FnMut((u64, bool))| {
        started_sender.send(*request).unwrap();
        std::thread::sleep(Duration::from_micros(request % 50));
        send((*request, job.is_stale()));
        Ok(())
    });
    let mut last = 0;
    for request in 1..=SUBMISSIONS {
        let number = asker.submit(request);
        assert!(number > last, "later questions have larger numbers");
        last = number;
    }
    let answers = asker.until(last);
    assert!(answers.windows(2).all(|pair| pair[0].0 <= pair[1].0), "in order");
    let mut answered = Vec::new();
    for pair in answers.chunks(2) {
        let [(number, Answer::Part((request, is_stale))), (end, Answer::Done)] = pair else { panic!("{pair:?}") };
        assert!(number == end && (*number != last || !is_stale), "nothing is newer than the newest");
        answered.push(*request);
    }
    assert_eq!(*answered.last().unwrap(), SUBMISSIONS);
    assert_eq!(started.try_iter().collect::<Vec<_>>(), answered, "nothing that was started is lost");
    assert!(asker.port.poll().is_none());
}

#[test]
fn a_storm_of_drags_ends_with_the_newest_outcome() {
    let asker = Asker::new(|engine: &mut Engine, job: &Job<'_>, spec: &RunSpec, send: &mut dyn FnMut(Outcome)| {
        send(engine.run(spec, &|| job.is_cancelled())?);
        Ok(())
    });
    let asked = |step: u64| {
        let value = epsilon(10_f64.powf(-(step as f64) / 1000.0));
        spec(Bundled::Austen, Preset::AllLayers).with(|experiment| experiment.epsilon = all_at(value))
    };
    let mut last = 0;
    for step in 1..=SUBMISSIONS {
        last = asker.submit(asked(step));
    }
    for (number, answer) in asker.until(last) {
        match answer {
            Answer::Part(outcome) if number == last => {
                assert_eq!(numbers(&outcome), numbers(&fresh(&asked(SUBMISSIONS)).unwrap()));
            }
            Answer::Part(outcome) => assert!(outcome.experiment.epsilon != asked(SUBMISSIONS).experiment.epsilon),
            Answer::Failed(EngineError::Cancelled) => assert!(number < last, "the newest is never cancelled"),
            Answer::Done => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_panic_in_a_storm_loses_nothing() {
    let asker = Asker::new(|_, _: &Job<'_>, request: &u64, send: &mut dyn FnMut(u64)| {
        assert!(!request.is_multiple_of(3), "request {request}");
        send(*request);
        Ok(())
    });
    let mut last = 0;
    for request in 1..=999 {
        last = asker.submit(request);
    }
    let answers = asker.until(last);
    assert!(matches!(&answers.last().unwrap().1, Answer::Panicked(message) if message == "request 999"));
    let number = asker.submit(1000);
    assert_eq!(number, last + 1);
    assert_eq!(asker.next_part(), (number, 1000));
    assert!(matches!(asker.next(), (end, Answer::Done) if end == number));
}

#[test]
fn one_question_may_have_many_parts_and_an_error_ends_it() {
    let asker = Asker::new(|_, _: &Job<'_>, request: &u64, send: &mut dyn FnMut(u64)| {
        (0..*request).for_each(send);
        if *request == 5 { Ok(()) } else { Err(EngineError::NoOutput) }
    });
    let number = asker.submit(5);
    for expected in 0..5 {
        assert_eq!(asker.next_part(), (number, expected));
    }
    assert!(matches!(asker.next(), (end, Answer::Done) if end == number));
    let number = asker.submit(1);
    assert_eq!(asker.next_part(), (number, 0));
    assert!(matches!(asker.next(), (end, Answer::Failed(EngineError::NoOutput)) if end == number));
}

#[test]
fn the_newest_question_wins() {
    let (asker, started, release) = gated();
    let first = asker.submit(1);
    started.recv_timeout(PATIENCE).unwrap();
    asker.submit(2);
    asker.submit(3);
    let last = asker.submit(4);
    release.send(()).unwrap();
    release.send(()).unwrap();
    assert_eq!(asker.next_part(), (first, (1, true)), "the running one is told that it is stale");
    assert!(matches!(asker.next_end(), (number, Answer::Done) if number == first));
    assert_eq!(asker.next_part(), (last, (4, false)), "those in between were never started");
    assert!(matches!(asker.next_end(), (number, Answer::Done) if number == last));
    assert!(asker.port.poll().is_none());
}

#[test]
fn a_cancelled_question_is_told_so_and_one_that_waits_is_never_started() {
    let (asker, started, release) = gated();
    let first = asker.submit(1);
    started.recv_timeout(PATIENCE).unwrap();
    let second = asker.submit(2);
    let cancelled = asker.port.cancel();
    assert!(first < second && second < cancelled, "numbers only grow");
    release.send(()).unwrap();
    assert_eq!(asker.next_part(), (first, (1, true)));
    asker.next_end();
    let third = asker.submit(3);
    release.send(()).unwrap();
    assert_eq!(asker.next_part(), (third, (3, false)));
    assert_eq!(started.try_iter().collect::<Vec<_>>(), [3], "question 2 was never started");
}

#[test]
fn a_newer_question_ends_a_rest_and_so_does_the_clock() {
    let clock = Clock::stopped();
    let (wake, woken) = channel();
    let service = Service::new(clock.clone(), move || _ = wake.send(())).unwrap();
    let work: Arc<Work<Duration, Option<bool>>> = Arc::new(|_, job, time, send| {
        send(None);
        send(Some(job.rests_for(*time)));
        Ok(())
    });
    let port = service.port::<Ask<Duration, Option<bool>>>();
    let asker = Asker { port, work, woken, service };
    let (short, long) = (Duration::from_millis(1), Duration::from_hours(1));
    asker.submit(long);
    assert_eq!(asker.next_part(), (1, None));
    asker.submit(short);
    assert_eq!(asker.next_part(), (1, Some(false)), "a newer one came");
    asker.next_end();
    assert_eq!(asker.next_part(), (2, None));
    while asker.port.poll().is_none() {
        // It may not have begun to rest when the clock is advanced first.
        clock.advance(short);
        std::thread::yield_now();
    }
    asker.woken.recv_timeout(PATIENCE).unwrap();
    asker.next_end();
    asker.submit(long);
    assert_eq!(asker.next_part(), (3, None));
    asker.port.cancel();
    assert_eq!(asker.next_part(), (3, Some(false)), "it was given up");
}

#[test]
fn patience_lets_a_job_go_on_though_there_is_a_newer_question() {
    let clock = Clock::stopped();
    let (wake, woken) = channel();
    let service = Service::new(clock.clone(), move || _ = wake.send(())).unwrap();
    let (release, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let work: Arc<Work<u64, [bool; 2]>> = Arc::new(move |_, job, _, send| {
        job.set_patience(Duration::from_millis(120));
        for _ in 0..2 {
            gate.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            send([job.is_stale(), job.is_cancelled()]);
        }
        Ok(())
    });
    let port = service.port::<Ask<u64, [bool; 2]>>();
    let asker = Asker { port, work, woken, service };
    let first = asker.submit(1);
    asker.submit(2);
    // Whether the first had begun or not: what is answered first has at most one newer question.
    clock.advance(Duration::from_millis(100));
    release.send(()).unwrap();
    let (number, [is_stale, is_cancelled]) = asker.next_part();
    assert_eq!((is_stale, is_cancelled), (number == first, false));
    clock.advance(Duration::from_millis(120));
    release.send(()).unwrap();
    assert_eq!(asker.next_part(), (number, [number == first; 2]), "its patience is at an end");
    for _ in 0..4 {
        let _ = release.send(());
    }
}

#[test]
fn lanes_wait_for_those_that_go_first() {
    let (wake, woken) = channel();
    let service = Service::new(Clock::default(), move || _ = wake.send(())).unwrap();
    let (release, gate) = channel::<()>();
    let (steps_sender, steps) = channel::<&str>();
    let gate = Mutex::new(gate);
    let drawing: Arc<Work<u64, ()>> = Arc::new({
        let steps = steps_sender.clone();
        move |_, job, _, _| {
            steps.send("drawing").unwrap();
            gate.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            steps.send("drawn").unwrap();
            job.relax();
            gate.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            Ok(())
        }
    });
    let measuring: Arc<Work<u64, ()>> = Arc::new(move |_, job, _, _| {
        steps_sender.send("begun").unwrap();
        job.check()?;
        steps_sender.send("measured").unwrap();
        Ok(())
    });
    let step = || steps.recv_timeout(PATIENCE).unwrap();
    let (pictures, sweep) = (service.port::<Ask<u64, (), 0>>(), service.port::<Ask<u64, (), 2>>());
    pictures.submit(Ask { request: 1, work: drawing });
    assert_eq!(step(), "drawing");
    let first = sweep.submit(Ask { request: 1, work: measuring.clone() });
    assert_eq!(step(), "begun");
    // It waits, and is given up meanwhile.
    sweep.cancel();
    woken.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(sweep.poll(), Some((number, Answer::Failed(EngineError::Cancelled))) if number == first));
    sweep.submit(Ask { request: 1, work: measuring });
    assert_eq!(step(), "begun");
    release.send(()).unwrap();
    assert_eq!([step(), step()], ["drawn", "measured"], "and does not wait for what is not urgent");
    release.send(()).unwrap();
}

#[test]
fn the_next_token_rests_twice_as_long_as_it_took() {
    const TOOK: Duration = Duration::from_millis(10);
    let clock = Clock::stopped();
    let (wake, woken) = channel();
    let service = Service::new(clock.clone(), move || _ = wake.send(())).unwrap();
    let port = service.port::<Ask<u64, Duration, 2>>();
    let work: Arc<Work<u64, Duration>> = Arc::new(|_, job, _, send| {
        send(job.clock().now());
        job.clock().advance(TOOK);
        Ok(())
    });
    let answer = || {
        // Time goes on in steps until there is an answer.
        while woken.recv_timeout(Duration::from_millis(1)).is_err() {
            clock.advance(Duration::from_millis(1));
        }
        port.poll().unwrap()
    };
    let mut begun = Vec::new();
    while begun.len() < 2 {
        port.submit(Ask { request: 1, work: work.clone() });
        let (_, Answer::Part(at)) = answer() else { panic!("no part") };
        let (_, Answer::Done) = answer() else { panic!("no end") };
        begun.push(at);
    }
    assert!(begun[1] >= begun[0] + 3 * TOOK, "{begun:?}");
}

/// Asks in a lane for how many layers `work` has begun, as it counts them.
fn layers<const LANE: usize>(
    service: &Service,
    woken: &Receiver<()>,
    work: impl Fn(&mut Engine, &RunSpec, &dyn Fn() -> bool) -> Result<(), EngineError> + Send + Sync + 'static,
) -> usize {
    let port = service.port::<Ask<u64, usize, LANE>>();
    let work: Arc<Work<u64, usize>> = Arc::new(move |engine, _, _, send| {
        let begun = Cell::new(0);
        let count = || begun.replace(begun.get() + 1) == usize::MAX;
        work(engine, &spec(Bundled::Austen, Preset::ThisHead), &count)?;
        send(begun.get());
        Ok(())
    });
    port.submit(Ask { request: 1, work });
    loop {
        woken.recv_timeout(PATIENCE).unwrap();
        match port.poll() {
            Some((_, Answer::Part(begun))) => return begun,
            Some((_, answer)) => panic!("{answer:?}"),
            // The end of an earlier one.
            None => {}
        }
    }
}

#[test]
fn what_one_lane_has_computed_is_there_for_the_others() {
    let (wake, woken) = channel();
    let service = Service::new(Clock::default(), move || _ = wake.send(())).unwrap();
    let run = |engine: &mut Engine, spec: &RunSpec, count: &dyn Fn() -> bool| engine.run(spec, count).map(drop);
    let effect = |engine: &mut Engine, spec: &RunSpec, count: &dyn Fn() -> bool| {
        engine.effect(spec, at(Component::Query, 0), count).map(drop)
    };
    assert_eq!(layers::<0>(&service, &woken, run), 5, "the layers in front of the shown one");
    assert_eq!(layers::<4>(&service, &woken, run), 0);
    assert_eq!(layers::<2>(&service, &woken, effect), 2, "the last of the baseline, and the changed one");
    assert_eq!(layers::<0>(&service, &woken, effect), 0);
}

#[test]
fn dropping_a_busy_service_stops_it() {
    let (started_sender, started) = channel();
    let asker = Asker::new(move |_, job: &Job<'_>, (): &(), _: &mut dyn FnMut(())| {
        started_sender.send(()).unwrap();
        job.set_patience(PATIENCE);
        // As the engine does between layers.
        while !job.is_cancelled() {
            std::thread::yield_now();
        }
        Ok(())
    });
    asker.submit(());
    started.recv_timeout(PATIENCE).unwrap();
    assert!(dropped(asker.service));
}

#[test]
fn dropping_a_port_gives_up_its_question() {
    let (ended_sender, ended) = channel();
    let (started_sender, started) = channel();
    let asker = Asker::new(move |_, job: &Job<'_>, (): &(), _: &mut dyn FnMut(())| {
        started_sender.send(()).unwrap();
        while !job.is_cancelled() {
            std::thread::yield_now();
        }
        ended_sender.send(()).unwrap();
        Ok(())
    });
    asker.submit(());
    started.recv_timeout(PATIENCE).unwrap();
    drop(asker.port);
    ended.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn dropping_does_not_start_what_is_waiting() {
    let (started_sender, started) = channel();
    let asker = Asker::new(move |_, job: &Job<'_>, request: &u64, _: &mut dyn FnMut(())| {
        started_sender.send(*request).unwrap();
        // The newer question does not end it, the end of the service does.
        job.set_patience(PATIENCE);
        while !job.is_cancelled() {
            std::thread::yield_now();
        }
        Ok(())
    });
    asker.submit(1);
    started.recv_timeout(PATIENCE).unwrap();
    asker.submit(2);
    assert!(dropped(asker.service));
    drop((asker.port, asker.work));
    assert_eq!(started.iter().collect::<Vec<_>>(), Vec::<u64>::new(), "question 2 was never started");
}

#[test]
fn dropping_an_idle_or_a_panicking_service_does_not_hang() {
    let idle = Asker::new(|_, _: &Job<'_>, (): &(), _: &mut dyn FnMut(())| Ok(()));
    assert!(dropped(idle.service));
    let panicking = Asker::new(|_, _: &Job<'_>, (): &(), _: &mut dyn FnMut(())| panic!("no"));
    panicking.submit(());
    assert!(matches!(panicking.next(), (1, Answer::Panicked(message)) if message == "no"));
    assert!(dropped(panicking.service));
    let busy = Asker::new(|engine: &mut Engine, job: &Job<'_>, spec: &RunSpec, send: &mut dyn FnMut(bool)| {
        send(engine.effect(spec, at(Component::Value, 0), &|| job.is_cancelled())?.is_some());
        Ok(())
    });
    busy.submit(spec(Bundled::Austen, Preset::AllLayers));
    assert!(dropped(busy.service));
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
