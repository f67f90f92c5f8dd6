//! The real window under a pointer and a keyboard that never rest.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};

use crate::screen::{HEIGHT, Program, Screen, WIDTH, eventually};

/// How many minutes: 3 unless told.
const MINUTES: &str = "ATTENUATE_SOAK_MINUTES";
/// The part of the time after which memory is first read: caches of prompts, pictures and heads are full by then.
const WARM_UP: f64 = 0.5;
/// What is kept may grow by this much, and by what one more cached prompt takes.
const GROWTH: f64 = 1.05;
const SLACK: u64 = 16 << 20;

/// Keys that change what is shown, none that opens a dialog or ends the program.
const KEYS: [&str; 24] = [
    "i",
    "w",
    "h",
    "s",
    "1",
    "2",
    "3",
    "Tab",
    "Up",
    "Down",
    "Left",
    "Right",
    "Escape",
    "Page_Up",
    "Page_Down",
    "Home",
    "End",
    "bracketleft",
    "bracketright",
    "comma",
    "period",
    "minus",
    "equal",
    "r",
];

struct Hand {
    random: ChaCha8Rng,
}

impl Hand {
    fn below(&mut self, bound: u64) -> u64 {
        self.random.next_u64() % bound
    }

    /// Anywhere below the menu bar, whose File menu ends the program.
    fn place(&mut self) -> [String; 2] {
        [self.below(WIDTH as u64).to_string(), (40 + self.below(HEIGHT as u64 - 70)).to_string()]
    }

    fn act(&mut self, screen: &Screen) {
        let [[x, y], [to_x, to_y]] = [self.place(), self.place()];
        match self.below(8) {
            // The slider and what is near it: left column, upper part.
            0..=2 => {
                let [x, y, to_x] =
                    [20 + self.below(290), 90 + self.below(60), 20 + self.below(290)].map(|at| at.to_string());
                screen.xdotool(&["mousemove", &x, &y, "mousedown", "1"]).unwrap();
                for step in 0..6 {
                    let between = (x.parse::<u64>().unwrap() * (5 - step) + to_x.parse::<u64>().unwrap() * step) / 5;
                    screen.xdotool(&["mousemove", &between.to_string(), &y]).unwrap();
                }
                screen.xdotool(&["mouseup", "1"]).unwrap();
            }
            3 => _ = screen.xdotool(&["mousemove", &x, &y, "click", "1"]),
            4 => _ = screen.xdotool(&["mousemove", &x, &y, "click", "4", "click", "5"]),
            5 => {
                _ = screen.xdotool(&["mousemove", &x, &y, "mousedown", "3", "mousemove", &to_x, &to_y, "mouseup", "3"]);
            }
            6 => {
                let words = ["fond", "of", "love", "a", "the", "dancing", "step", "."];
                let word = words[self.below(words.len() as u64) as usize];
                screen.xdotool(&["type", "--delay", "5", word]).unwrap();
                screen.press("Escape");
            }
            _ => screen.press(KEYS[self.below(KEYS.len() as u64) as usize]),
        }
    }
}

#[test]
#[ignore = "minutes long; needs Xvfb, xdotool and ImageMagick: .ci/run runs it"]
fn minutes_of_random_use_leave_memory_flat() {
    let minutes: f64 = std::env::var(MINUTES).map_or(3.0, |text| text.parse().expect("a number of minutes"));
    let screen = Screen::start();
    let mut program = Program::start(&screen);
    let mut hand = Hand { random: ChaCha8Rng::seed_from_u64(20_261_124) };
    let start = Instant::now();
    let total = Duration::from_secs_f64(60.0 * minutes);
    let mut first = None;
    let mut actions = 0_u64;
    let (mut slowest, mut most) = (Duration::ZERO, 0);
    while start.elapsed() < total {
        let before = Instant::now();
        hand.act(&screen);
        slowest = slowest.max(before.elapsed());
        actions += 1;
        assert_eq!(program.stderr(), "", "after {actions} actions");
        if start.elapsed() > total.mul_f64(WARM_UP) && actions.is_multiple_of(50) {
            let now = program.own_memory();
            println!(
                "{:.0} s: {actions} actions, own memory {now} bytes, slowest action {slowest:?}",
                start.elapsed().as_secs_f64()
            );
            first.get_or_insert(now);
            most = most.max(now);
        }
    }
    screen.press("Escape");
    sleep(Duration::from_secs(2));
    let (first, last) = (first.expect("memory was read"), program.own_memory());
    println!("{actions} actions; own memory {first} bytes after the warm-up, {most} at most, {last} at the end");
    let allowed = (first as f64 * GROWTH) as u64 + SLACK;
    assert!(last <= allowed, "own memory grew from {first} to {last} bytes in {actions} actions");
    // It still listens.
    screen.xdotool(&["mousemove", "640", "4"]).unwrap();
    screen.press("Escape");
    screen.press("ctrl+q");
    let status = eventually("the end", || program.try_end());
    assert_eq!((status.code(), program.stderr().as_str()), (Some(0), ""));
}
