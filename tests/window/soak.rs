//! The real window under a pointer and a keyboard that never rest.

use std::{
    path::{Path, PathBuf},
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
/// The part of the time after which memory is first compared: threads and caches are what they will be by then.
const WARM_UP: f64 = 0.5;
/// Between two rests, at which memory is read.
const STRETCH: Duration = Duration::from_secs(15);
/// What is kept may grow by this much, and by what the allocator keeps of larger views in between.
const GROWTH: f64 = 1.05;
const SLACK: u64 = 8 << 20;

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
    folder: PathBuf,
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
        if self.below(60) == 0 {
            return self.export(screen);
        }
        match self.below(8) {
            // The slider and what is near it: left column, upper part.
            0..=2 => {
                let [x, y, to_x] =
                    [20 + self.below(290), 165 + self.below(50), 20 + self.below(290)].map(|at| at.to_string());
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
                if self.below(4) == 0 {
                    // All of it is typed over, so that no prompt grows without end.
                    screen.press("ctrl+a");
                }
                screen.xdotool(&["type", "--delay", "5", word]).unwrap();
                screen.press("Escape");
            }
            _ => screen.press(KEYS[self.below(KEYS.len() as u64) as usize]),
        }
    }

    fn export(&mut self, screen: &Screen) {
        let kind = ["png", "svg", "pdf"][self.below(3) as usize];
        answer(screen, "ctrl+e", &self.folder.join(format!("figure.{kind}")));
        sleep(Duration::from_millis(300));
        screen.press("Escape");
    }
}

/// Opens a dialog that asks for a path, and gives it.
fn answer(screen: &Screen, shortcut: &str, path: &Path) {
    screen.press(shortcut);
    sleep(Duration::from_millis(200));
    screen.press("ctrl+a");
    screen.xdotool(&["type", "--delay", "5", path.to_str().unwrap()]).unwrap();
    screen.press("Return");
}

/// Shows what a stored session holds and rests, so that what memory holds can be compared with another rest's.
fn rest(screen: &Screen, session: &Path) {
    for _ in 0..3 {
        screen.press("Escape");
    }
    answer(screen, "ctrl+shift+o", session);
    sleep(Duration::from_secs(1));
    screen.press("Escape");
    screen.xdotool(&["mousemove", "640", "4"]).unwrap();
    sleep(Duration::from_secs(1));
}

#[test]
#[ignore = "minutes long; needs Xvfb, xdotool and ImageMagick: .ci/run runs it"]
fn minutes_of_random_use_leave_memory_flat() {
    let minutes: f64 = std::env::var(MINUTES).map_or(3.0, |text| text.parse().expect("a number of minutes"));
    let screen = Screen::start();
    let mut program = Program::start(&screen);
    let session = program.folder.path().join("rest.json");
    sleep(Duration::from_secs(1));
    answer(&screen, "ctrl+shift+s", &session);
    eventually("the saved session", || session.is_file().then_some(()));
    let mut hand = Hand { random: ChaCha8Rng::seed_from_u64(20_261_124), folder: program.folder.path().to_owned() };
    let start = Instant::now();
    let total = Duration::from_secs_f64(60.0 * minutes);
    let (mut actions, mut slowest) = (0_u64, Duration::ZERO);
    let mut at_rest = Vec::new();
    while start.elapsed() < total {
        let stretch = Instant::now();
        while stretch.elapsed() < STRETCH {
            let before = Instant::now();
            hand.act(&screen);
            slowest = slowest.max(before.elapsed());
            actions += 1;
            assert_eq!(program.stderr(), "", "after {actions} actions");
        }
        rest(&screen, &session);
        let (now, seconds) = (program.own_memory(), start.elapsed().as_secs_f64());
        println!("{seconds:.0} s: {actions} actions, own memory at rest {now} bytes, slowest action {slowest:?}");
        at_rest.push((start.elapsed(), now));
    }
    let first = at_rest.iter().find(|(at, _)| *at >= total.mul_f64(WARM_UP)).expect("memory was read").1;
    let last = at_rest.last().expect("memory was read").1;
    println!("{actions} actions; own memory at rest {first} bytes after the warm-up, {last} at the end");
    let allowed = (first as f64 * GROWTH) as u64 + SLACK;
    assert!(last <= allowed, "own memory grew from {first} to {last} bytes in {actions} actions");
    // It still listens.
    screen.press("ctrl+q");
    let status = eventually("the end", || program.try_end());
    assert_eq!((status.code(), program.stderr().as_str()), (Some(0), ""));
}
