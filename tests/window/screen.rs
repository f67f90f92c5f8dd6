//! A virtual screen, and the program on it.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::Duration,
};

use egui::{Pos2, Rect, vec2};
use tempfile::TempDir;

pub const WIDTH: usize = 1280;
pub const HEIGHT: usize = 800;
/// Looks, 50 ms apart, before something that should come is given up.
pub const PATIENCE: usize = 1200;

pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..PATIENCE {
        if let Some(found) = look() {
            return found;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("gave up waiting for: {what}");
}

/// A virtual screen without a window manager, on a display number that was free.
pub struct Screen {
    server: Child,
    pub display: String,
}

impl Screen {
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// As on a machine without any driver.
    pub fn without_opengl() -> Self {
        Self::with(&["-extension", "GLX"])
    }

    fn with(arguments: &[&str]) -> Self {
        let screen = format!("{WIDTH}x{HEIGHT}x24");
        let mut server = Command::new("Xvfb")
            // Without -noreset the server starts over, refusing connections, when xdotool is its last client to leave.
            .args(["-displayfd", "1", "-noreset", "-screen", "0", &screen, "-nolisten", "tcp"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let mut number = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut number).unwrap();
        Self { server, display: format!(":{}", number.trim()) }
    }

    pub fn output(&self, program: &str, arguments: &[&str]) -> Option<Vec<u8>> {
        let output = Command::new(program).args(arguments).env("DISPLAY", &self.display).output().unwrap();
        output.status.success().then_some(output.stdout)
    }

    pub fn xdotool(&self, arguments: &[&str]) -> Option<String> {
        Some(String::from_utf8(self.output("xdotool", arguments)?).unwrap())
    }

    /// Twice, a pixel apart: without a window manager the first one may only enter the window.
    pub fn point_at(&self, position: Pos2) {
        for position in [position + vec2(1.0, 0.0), position] {
            let [x, y] = [position.x, position.y].map(|at| (at.floor() as i32).to_string());
            self.xdotool(&["mousemove", &x, &y]).unwrap();
            sleep(Duration::from_millis(30));
        }
    }

    pub fn press(&self, key: &str) {
        self.xdotool(&["key", key]).unwrap();
    }

    pub fn picture(&self) -> Picture {
        let rgb = self.output("import", &["-window", "root", "-depth", "8", "rgb:-"]).unwrap();
        assert_eq!(rgb.len(), WIDTH * HEIGHT * 3);
        Picture(rgb)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// What is on screen.
pub struct Picture(Vec<u8>);

impl Picture {
    /// Writes it as a PPM file, for whoever looks into a failure.
    pub fn save(&self, path: &Path) {
        std::fs::write(path, [format!("P6 {WIDTH} {HEIGHT} 255\n").as_bytes(), &self.0].concat()).unwrap();
    }

    pub fn at(&self, x: usize, y: usize) -> [u8; 3] {
        self.0[3 * (y * WIDTH + x)..][..3].try_into().unwrap()
    }

    pub fn colour(&self, position: Pos2) -> [u8; 3] {
        self.at(position.x as usize, position.y as usize)
    }

    /// How many pixels within `rect` differ from another picture.
    pub fn changed(&self, other: &Self, rect: Rect) -> usize {
        let pixels = (rect.top() as usize..rect.bottom() as usize)
            .flat_map(|y| (rect.left() as usize..rect.right() as usize).map(move |x| (x, y)));
        pixels.filter(|&(x, y)| self.at(x, y) != other.at(x, y)).count()
    }
}

/// The running program. Killed when dropped, if it still runs.
pub struct Program {
    process: Child,
    pub folder: TempDir,
}

impl Program {
    pub fn start(screen: &Screen) -> Self {
        Self::start_with(screen, &[])
    }

    /// With these variables in its environment.
    pub fn start_with(screen: &Screen, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The guided tour is for a first start.
        let state = folder.path().join("state").join("attenuate");
        std::fs::create_dir_all(&state).unwrap();
        File::create(state.join("tour-seen")).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_attenuate"))
            .current_dir(folder.path())
            .env("DISPLAY", &screen.display)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .env("XDG_STATE_HOME", folder.path().join("state"))
            .envs(environment.iter().copied())
            .stderr(File::create(folder.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let mut program = Self { process, folder };
        let window = eventually("a window named Attenuate", || {
            assert!(program.process.try_wait().unwrap().is_none(), "ended at once: {}", program.stderr());
            screen.xdotool(&["search", "--onlyvisible", "--name", "^Attenuate$"]).filter(|ids| !ids.trim().is_empty())
        });
        screen.xdotool(&["windowfocus", window.trim()]).unwrap();
        program
    }

    pub fn stderr(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr")).unwrap()
    }

    /// Processor time used so far, in clock ticks (usually of 10 ms): user and system.
    pub fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // The name may contain spaces; the fields after it are counted from 3.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        fields[14 - 3].parse::<u64>().unwrap() + fields[15 - 3].parse::<u64>().unwrap()
    }

    /// Bytes of memory that are the program's own, neither a file's nor shared.
    pub fn own_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
    }

    pub fn try_end(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().unwrap()
    }

    pub fn end(&mut self) -> ExitStatus {
        eventually("the end of the program", || self.process.try_wait().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
