//! The real window under a pointer and a keyboard that never rest.

use std::{
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use egui::{Rect, pos2};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};

use crate::window::screen::{HEIGHT, Picture, Program, Screen, WIDTH, eventually};

/// How many minutes: 4 unless told.
const MINUTES: &str = "ATTENUATE_SOAK_MINUTES";
/// The part of the time after which memory is first compared: threads and caches are what they will be by then.
const WARM_UP: f64 = 0.5;
/// Between two rests, at which memory is read.
const STRETCH: Duration = Duration::from_secs(10);
/// What is kept may grow by this much, and by what larger views in between leave in pieces.
const GROWTH: f64 = 1.05;
const SLACK: u64 = 16 << 20;

/// Where the edge of the controls is: a drag moves it, with either button, and no session holds where to.
const EDGE: std::ops::Range<u64> = 325..355;

/// A dialog changes more pixels than this, a blinking caret or what is under the pointer fewer.
const DIALOG: usize = 20_000;

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

    /// Anywhere below the menu bar, whose File menu ends the program, but on no edge.
    fn place(&mut self) -> [String; 2] {
        let mut x = self.below(WIDTH as u64);
        while EDGE.contains(&x) {
            x = self.below(WIDTH as u64);
        }
        [x.to_string(), (40 + self.below(HEIGHT as u64 - 70)).to_string()]
    }

    fn act(&mut self, screen: &Screen) {
        let [[x, y], [to_x, to_y]] = [self.place(), self.place()];
        if self.below(60) == 0 {
            let kind = self.below(3) as usize;
            return self.export(screen, kind);
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

    /// What costs memory once: every export twice, every panel, the live model.
    fn visit(&mut self, screen: &Screen) {
        for kind in [0, 1, 2, 0, 1, 2] {
            self.export(screen, kind);
            sleep(Duration::from_secs(1));
        }
        for key in ["i", "w", "h", "Escape", "s", "s"] {
            screen.press(key);
            sleep(Duration::from_secs(1));
        }
    }

    fn export(&mut self, screen: &Screen, kind: usize) {
        let kind = ["png", "svg", "pdf"][kind];
        answer(screen, "ctrl+e", &self.folder.join(format!("figure.{kind}")));
        sleep(Duration::from_millis(300));
        screen.press("Escape");
    }
}

/// Opens a dialog that asks for a path, and gives it.
fn answer(screen: &Screen, shortcut: &str, path: &Path) {
    let before = screen.picture();
    screen.press(shortcut);
    // Keys that come before the dialog does would go to what is behind it, and the path behind the one that it offers.
    let window = Rect::from_min_max(pos2(0.0, 0.0), pos2(WIDTH as f32, HEIGHT as f32));
    for _ in 0..100 {
        sleep(Duration::from_millis(50));
        if screen.picture().changed(&before, window) > DIALOG {
            break;
        }
    }
    sleep(Duration::from_millis(200));
    screen.press("ctrl+a");
    screen.xdotool(&["type", "--delay", "5", path.to_str().unwrap()]).unwrap();
    screen.press("Return");
}

/// Where the panels are.
fn panels() -> Rect {
    Rect::from_min_max(pos2(440.0, 90.0), pos2(1095.0, 700.0))
}

/// The view that the program opens on, once it is there and stays: on a busy machine keys may come before anything takes
/// them, and the first panels be mistaken for a dialog.
fn first_view(screen: &Screen) -> Picture {
    let panels = panels();
    eventually("the first view", || {
        let before = screen.picture();
        sleep(Duration::from_secs(1));
        let now = screen.picture();
        let rows = panels.top() as usize..panels.bottom() as usize;
        let mut pixels = rows.flat_map(|y| (panels.left() as usize..panels.right() as usize).map(move |x| (x, y)));
        // The first token attends to itself alone.
        let is_red = |[red, green, blue]: [u8; 3]| red > 150 && green < 80 && blue < 80;
        let has_weights = pixels.any(|(x, y)| is_red(now.at(x, y)));
        (has_weights && now.changed(&before, panels) == 0).then_some(now)
    })
}

/// The stored session with as many other prompts as are kept beside its own.
fn with_other_prompts(session: &Path) -> Vec<PathBuf> {
    const OTHERS: [u32; 3] = [1, 2, 3];
    let text = std::fs::read_to_string(session).expect("the saved session");
    let with_prompt = |id: u32| {
        let mut stored: serde_json::Value = serde_json::from_str(&text).expect("a session is JSON");
        stored["prompt"] = serde_json::json!({ "token-ids": [id, id, id, id] });
        let path = session.with_file_name(format!("other-{id}.json"));
        std::fs::write(&path, stored.to_string()).expect("a folder to write to");
        path
    };
    OTHERS.map(with_prompt).into()
}

/// Shows what a stored session holds, as it looked at the start, and rests, so that what memory holds can be compared
/// with another rest's: what is kept of the last prompts is that of `others` and its own, whatever was typed before.
fn rest(screen: &Screen, session: &Path, others: &[PathBuf], start: &Picture) {
    let panels = panels();
    for other in others {
        for _ in 0..3 {
            screen.press("Escape");
        }
        answer(screen, "ctrl+shift+o", other);
        sleep(Duration::from_secs(1));
    }
    for _ in 0..5 {
        for _ in 0..3 {
            screen.press("Escape");
        }
        answer(screen, "ctrl+shift+o", session);
        sleep(Duration::from_secs(1));
        screen.press("Escape");
        screen.point_at(pos2(640.0, 4.0));
        sleep(Duration::from_secs(1));
        if screen.picture().changed(start, panels) == 0 {
            return;
        }
    }
    let kept = std::env::temp_dir().join("attenuate-soak.ppm");
    screen.picture().save(&kept);
    panic!("{} does not bring its view back: {} shows what is there", session.display(), kept.display());
}

#[test]
#[ignore = "minutes long; needs Xvfb, xdotool and ImageMagick: .ci/run runs it"]
fn minutes_of_random_use_leave_memory_flat() {
    let minutes: f64 = std::env::var(MINUTES).map_or(4.0, |text| text.parse().expect("a number of minutes"));
    let screen = Screen::start();
    // What is free is given back at once, so that what is measured is what the program keeps, not its allocator.
    let mut program = Program::start_with(&screen, &[("MIMALLOC_PURGE_DELAY", "0")]);
    let session = program.folder.path().join("rest.json");
    screen.point_at(pos2(640.0, 4.0));
    let start_picture = first_view(&screen);
    answer(&screen, "ctrl+shift+s", &session);
    eventually("the saved session", || session.is_file().then_some(()));
    let others = with_other_prompts(&session);
    let mut hand = Hand { random: ChaCha8Rng::seed_from_u64(20_261_124), folder: program.folder.path().to_owned() };
    hand.visit(&screen);
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
        rest(&screen, &session, &others, &start_picture);
        let (now, seconds) = (program.own_memory(), start.elapsed().as_secs_f64());
        println!("{seconds:.0} s: {actions} actions, own memory at rest {now} bytes, slowest action {slowest:?}");
        at_rest.push((start.elapsed(), now));
    }
    let later = at_rest.iter().filter(|(at, _)| *at >= total.mul_f64(WARM_UP)).map(|(_, bytes)| *bytes);
    let later: Vec<u64> = later.collect();
    // The least of several rests: what was seen last, and how memory was cut up before, differ from one to the next.
    let floor = |rests: &[u64]| rests.iter().copied().min().expect("memory was read");
    let (first, last) = (floor(&later[..later.len().div_ceil(2)]), floor(&later[later.len() / 2..]));
    println!("{actions} actions; own memory at rest {first} bytes after the warm-up, {last} towards the end");
    let allowed = (first as f64 * GROWTH) as u64 + SLACK;
    assert!(last <= allowed, "own memory grew from {first} to {last} bytes in {actions} actions");
    for kind in ["png", "svg", "pdf"] {
        assert!(hand.folder.join(format!("figure.{kind}")).is_file(), "no figure.{kind} was exported");
    }
    // It still listens.
    screen.press("ctrl+q");
    let status = eventually("the end", || program.try_end());
    assert_eq!((status.code(), program.stderr().as_str()), (Some(0), ""));
}
