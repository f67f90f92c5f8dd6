use std::{mem, sync::Arc, time::Duration};

use crate::engine::{Answer, Clock, EngineError, Port, Progress, Question, RequestNumber, Service};

/// Asks one kind of question and follows what becomes of the newest one.
pub struct Client<Q: Question> {
    port: Port<Q>,
    state: State<Q>,
    /// Since when an answer is waited for, though the question may have changed meanwhile.
    busy_since: Duration,
}

/// What became of the newest question.
enum State<Q> {
    /// Nothing is asked.
    Idle,
    /// It waits for a pause since a moment; what was asked before goes on meanwhile.
    Held(Q, Duration, Box<Self>),
    /// Nothing of its answer is there.
    Asked(Asked<Q>),
    /// Parts of its answer are there, and more are to come.
    Answering(Asked<Q>),
    /// Its answer is there.
    Done(Asked<Q>),
    /// It has no answer.
    Failed(Asked<Q>, Arc<Failure>),
    /// Nobody wants its answer any more.
    GivenUp(Asked<Q>),
}

/// A question that was handed to the service.
struct Asked<Q> {
    question: Q,
    number: RequestNumber,
    at: Duration,
}

/// Why a question has no answer.
#[derive(Debug)]
pub enum Failure {
    Refused(EngineError),
    /// A bug: the message of the panic.
    Panicked(String),
}

impl Failure {
    /// Whether the answer was refused, and it is no bug.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// For people; `doing` is what a panic interrupted.
    pub fn message(&self, doing: &str) -> String {
        match self {
            Self::Refused(error) => error.to_string(),
            Self::Panicked(message) => format!("Internal error while {doing}: {message}."),
        }
    }
}

/// Something that has arrived.
#[derive(Debug)]
pub enum Arrival<P> {
    Part {
        part: P,
        /// Whose answer it is a part of.
        number: RequestNumber,
        /// Whether that is the question that was asked last.
        is_newest: bool,
    },
    /// The question that was asked last is answered.
    Done,
    /// What was given up has ended.
    GivenUp,
    /// The question that was asked last has no answer, or an older one ended in a panic.
    Failed(Arc<Failure>),
}

impl<Q: Question> Client<Q> {
    pub fn new(service: &Service) -> Self {
        Self { port: service.port(), state: State::Idle, busy_since: Duration::ZERO }
    }

    /// Asks `question`, unless that is what was asked last.
    pub fn want(&mut self, question: Q) {
        let question = question.canonical();
        self.release();
        if self.question() != Some(&question) {
            self.submit(question);
        }
    }

    /// What was asked last is wanted still: nothing else waits for a pause any more.
    pub fn keep(&mut self) {
        self.release();
    }

    /// Keeps `question` back until nothing else was wanted for `pause`. Returns how long that still is; `None` when it
    /// is time to ask.
    pub fn hold(&mut self, pause: Duration, question: Q) -> Option<Duration> {
        let (question, now) = (question.canonical(), self.clock().now());
        let since = match &self.state {
            State::Held(held, since, _) if *held == question => *since,
            _ => now,
        };
        let rest = pause.checked_sub(now.saturating_sub(since))?;
        self.begin_waiting();
        self.release();
        let before = Box::new(mem::replace(&mut self.state, State::Idle));
        self.state = State::Held(question, since, before);
        Some(rest)
    }

    fn submit(&mut self, question: Q) {
        self.begin_waiting();
        let at = self.clock().now();
        let number = self.port.submit(question.clone());
        self.state = State::Asked(Asked { question, number, at });
    }

    fn begin_waiting(&mut self) {
        if !self.is_busy() {
            self.busy_since = self.clock().now();
        }
    }

    /// Drops what waits for a pause.
    fn release(&mut self) {
        if let State::Held(_, _, before) = &mut self.state {
            self.state = mem::replace(before, State::Idle);
        }
    }

    /// The question that is being answered is now `question`: what is under way answers that as well.
    pub fn revise(&mut self, question: Q) {
        if let State::Asked(asked) | State::Answering(asked) = &mut self.state {
            asked.question = question.canonical();
        }
    }

    /// Gives up what is being answered, which is not asked again by itself.
    pub fn cancel(&mut self) {
        let at = self.clock().now();
        self.state = match mem::replace(&mut self.state, State::Idle) {
            State::Asked(asked) | State::Answering(asked) => {
                self.port.cancel();
                State::GivenUp(asked)
            }
            // Never asked: nothing will answer it.
            State::Held(question, ..) => State::GivenUp(Asked { question, number: self.port.cancel(), at }),
            other => other,
        };
    }

    /// Gives up what is being answered, and forgets what was asked: whatever is wanted next is asked.
    pub fn forget(&mut self) {
        self.cancel();
        self.state = State::Idle;
    }

    /// The next thing that has arrived. Parts may also be those of older questions.
    pub fn poll(&mut self) -> Option<Arrival<Q::Part>> {
        while let Some((number, answer)) = self.port.poll() {
            let is_newest = self.number() == Some(number);
            let asked = match &mut self.state {
                State::Held(_, _, before) => before,
                state => state,
            };
            match answer {
                Answer::Part(part) => {
                    if is_newest {
                        asked.advance();
                    }
                    return Some(Arrival::Part { part, number, is_newest });
                }
                Answer::Done if is_newest => {
                    asked.end(State::Done);
                    return Some(Arrival::Done);
                }
                Answer::Failed(EngineError::Cancelled) if is_newest => {
                    asked.end(State::GivenUp);
                    return Some(Arrival::GivenUp);
                }
                Answer::Failed(error) if is_newest => {
                    let failure = Arc::new(Failure::Refused(error));
                    asked.end(|asked| State::Failed(asked, failure.clone()));
                    return Some(Arrival::Failed(failure));
                }
                Answer::Done | Answer::Failed(_) => {}
                Answer::Panicked(message) => {
                    let failure = Arc::new(Failure::Panicked(message));
                    if is_newest {
                        asked.end(|asked| State::Failed(asked, failure.clone()));
                    }
                    return Some(Arrival::Failed(failure));
                }
            }
        }
        None
    }

    /// What was asked last; not what waits for a pause.
    fn asked(&self) -> Option<&Asked<Q>> {
        self.state.asked()
    }

    /// The question that was asked last.
    pub fn question(&self) -> Option<&Q> {
        self.asked().map(|asked| &asked.question)
    }

    /// The number of the question that was asked last.
    pub fn number(&self) -> Option<RequestNumber> {
        self.asked().map(|asked| asked.number)
    }

    /// Whether a question waits for a pause.
    pub fn is_held(&self) -> bool {
        matches!(self.state, State::Held(..))
    }

    /// Whether more is to come.
    pub fn is_busy(&self) -> bool {
        matches!(self.state, State::Held(..) | State::Asked(_) | State::Answering(_))
    }

    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    pub fn is_given_up(&self) -> bool {
        matches!(self.state, State::GivenUp(_))
    }

    /// Why the question that was asked last has no answer.
    pub fn failure(&self) -> Option<&Failure> {
        if let State::Failed(_, failure) = &self.state { Some(failure) } else { None }
    }

    /// How far the answer is, once that was said.
    pub fn progress(&self) -> Option<Progress> {
        self.number().and_then(|number| self.port.progress(number))
    }

    /// How long an answer is waited for; `None` while nothing is.
    pub fn waiting(&self) -> Option<Duration> {
        self.is_busy().then(|| self.clock().since(self.busy_since))
    }

    /// How long the question that was asked last is being answered; `None` when it is not.
    pub fn answering(&self) -> Option<Duration> {
        match &self.state {
            State::Asked(asked) | State::Answering(asked) => Some(self.clock().since(asked.at)),
            _ => None,
        }
    }

    /// What is waited for has come, though more is to come.
    pub fn restart_waiting(&mut self) {
        self.busy_since = self.clock().now();
    }

    pub fn clock(&self) -> &Clock {
        self.port.clock()
    }
}

impl<Q> State<Q> {
    fn asked(&self) -> Option<&Asked<Q>> {
        match self {
            Self::Idle => None,
            Self::Held(_, _, before) => before.asked(),
            Self::Asked(asked)
            | Self::Answering(asked)
            | Self::Done(asked)
            | Self::Failed(asked, _)
            | Self::GivenUp(asked) => Some(asked),
        }
    }

    /// A part of the answer is there.
    fn advance(&mut self) {
        if let Self::Asked(_) = self {
            self.end(Self::Answering);
        }
    }

    fn end(&mut self, to: impl FnOnce(Asked<Q>) -> Self) {
        *self = match mem::replace(self, Self::Idle) {
            Self::Asked(asked) | Self::Answering(asked) | Self::GivenUp(asked) => to(asked),
            other => other,
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc::channel};

    use super::*;
    use crate::engine::{Engine, Job, Lane};

    /// Answered with its parity and itself, once the gate lets it.
    #[derive(Clone)]
    struct Number(u32, Arc<Mutex<std::sync::mpsc::Receiver<()>>>);

    impl PartialEq for Number {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }

    impl Question for Number {
        type Part = u32;

        const LANE: Lane = Lane::Heads;

        fn canonical(self) -> Self {
            Self(self.0.min(100), self.1)
        }

        fn answer(&self, _: &mut Engine, job: &Job<'_>, send: &mut dyn FnMut(u32)) -> Result<(), EngineError> {
            send(self.0 % 2);
            let _ = self.1.lock().map(|gate| gate.recv());
            job.check()?;
            assert!(self.0 != 13, "unlucky");
            if self.0 == 0 {
                return Err(EngineError::NoOutput);
            }
            send(self.0);
            Ok(())
        }
    }

    /// The next thing that arrives.
    fn next(client: &mut Client<Number>) -> Arrival<u32> {
        loop {
            if let Some(arrival) = client.poll() {
                return arrival;
            }
            std::thread::yield_now();
        }
    }

    fn part(client: &mut Client<Number>) -> (u32, bool) {
        match next(client) {
            Arrival::Part { part, is_newest, .. } => (part, is_newest),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_question_goes_through_its_states() {
        let (service, (release, gate)) = (Service::new(Clock::stopped(), || {}).unwrap(), channel());
        let (gate, mut client) = (Arc::new(Mutex::new(gate)), Client::new(&service));
        let number = |number| Number(number, gate.clone());
        assert!(!client.is_busy() && client.question().is_none() && client.waiting().is_none());

        client.want(number(700));
        assert!(client.is_busy() && client.question() == Some(&number(100)), "in its canonical form");
        assert_eq!(part(&mut client), (0, true));
        client.want(number(100));
        service.clock().advance(Duration::from_secs(2));
        assert_eq!(
            (client.waiting(), client.answering()),
            (Some(Duration::from_secs(2)), Some(Duration::from_secs(2)))
        );
        release.send(()).unwrap();
        assert_eq!(part(&mut client), (100, true));
        assert!(matches!(next(&mut client), Arrival::Done) && client.is_done() && !client.is_busy());

        client.want(number(0));
        assert_eq!(part(&mut client), (0, true));
        release.send(()).unwrap();
        assert!(
            matches!(next(&mut client), Arrival::Failed(why) if why.message("") == EngineError::NoOutput.to_string())
        );
        assert!(client.failure().is_some_and(Failure::is_refusal));

        client.want(number(13));
        assert_eq!(part(&mut client), (1, true));
        release.send(()).unwrap();
        assert!(
            matches!(next(&mut client), Arrival::Failed(why) if why.message("x") == "Internal error while x: unlucky.")
        );

        client.want(number(4));
        assert_eq!(part(&mut client), (0, true));
        client.cancel();
        assert!(client.is_given_up() && !client.is_busy());
        client.want(number(4));
        assert!(client.is_given_up(), "what was given up is not asked again by itself");
        release.send(()).unwrap();
        assert!(matches!(next(&mut client), Arrival::GivenUp));
        client.forget();
        client.want(number(4));
        assert_eq!(part(&mut client), (0, true));
        client.revise(number(6));
        client.want(number(6));
        release.send(()).unwrap();
        assert_eq!(part(&mut client), (4, true), "what was asked was revised, not asked anew");
        assert!(matches!(next(&mut client), Arrival::Done));
    }

    #[test]
    fn a_newer_question_is_the_newest_and_a_held_one_waits() {
        let (service, (release, gate)) = (Service::new(Clock::stopped(), || {}).unwrap(), channel());
        let (gate, mut client) = (Arc::new(Mutex::new(gate)), Client::new(&service));
        let number = |number| Number(number, gate.clone());
        client.want(number(1));
        assert_eq!(part(&mut client), (1, true));
        client.want(number(2));
        release.send(()).unwrap();
        assert_eq!(part(&mut client), (0, true), "the older one ended without a word");

        let pause = Duration::from_millis(250);
        assert_eq!(client.hold(pause, number(3)), Some(pause));
        service.clock().advance(Duration::from_millis(200));
        assert_eq!(client.hold(pause, number(3)), Some(Duration::from_millis(50)));
        assert_eq!(client.hold(pause, number(5)), Some(pause), "another one begins to wait anew");
        assert!(client.is_held() && client.is_busy() && client.question() == Some(&number(2)));
        release.send(()).unwrap();
        assert_eq!(part(&mut client), (2, true), "what was asked before goes on");
        assert!(matches!(next(&mut client), Arrival::Done) && client.is_busy());
        service.clock().advance(Duration::from_millis(251));
        assert_eq!(client.hold(pause, number(5)), None, "it is time");
        client.want(number(5));
        assert!(!client.is_held());
        assert_eq!(part(&mut client), (1, true));
        client.hold(pause, number(7));
        client.cancel();
        assert!(client.is_given_up() && client.question() == Some(&number(7)));
        drop(release);
    }
}
