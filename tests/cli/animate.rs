//! `attenuate animate`: frames that are figures.

use std::{fs::File, io::BufReader};

use super::sandbox::{Ran, Sandbox};

/// The frames of a PNG, each as the whole page in RGB.
fn apng(sandbox: &Sandbox, name: &str) -> (png::AnimationControl, Vec<Vec<u8>>) {
    let file = BufReader::new(File::open(sandbox.path(name)).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let control = *reader.info().animation_control().unwrap();
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    let mut page = vec![0; 3 * width * height];
    let mut frames = Vec::new();
    for _ in 0..control.num_frames {
        let mut part = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut part).unwrap();
        let place = *reader.info().frame_control().unwrap();
        let (x, y, w) = (place.x_offset as usize, place.y_offset as usize, place.width as usize);
        for (line, pixels) in part.chunks_exact(3 * w).take(place.height as usize).enumerate() {
            let start = 3 * ((y + line) * width + x);
            page[start..start + 3 * w].copy_from_slice(pixels);
        }
        frames.push(page.clone());
    }
    (control, frames)
}

fn still(sandbox: &Sandbox, epsilon: &str) -> Vec<u8> {
    let arguments = [
        "export",
        "bundled:smollm2-capture",
        "-o",
        "still.png",
        "--dpi",
        "72",
        "--epsilon",
        &format!("{epsilon},1e-3,1e-10"),
    ];
    sandbox.run(&arguments).assert_done();
    pixels(sandbox, "still.png")
}

fn pixels(sandbox: &Sandbox, name: &str) -> Vec<u8> {
    let file = BufReader::new(File::open(sandbox.path(name)).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels
}

#[test]
fn every_frame_is_the_figure_of_its_epsilon() {
    let sandbox = Sandbox::new();
    let arguments =
        ["animate", "bundled:smollm2-capture", "-o", "film.png", "--dpi", "72", "--frames", "4", "--range", "1..=1e-3"];
    sandbox.run(&arguments).assert_done();
    let (control, frames) = apng(&sandbox, "film.png");
    assert_eq!((control.num_frames, control.num_plays), (6, 0), "there and back, without end");
    for (frame, epsilon) in frames.iter().zip(["1", "1e-1", "1e-2", "1e-3", "1e-2", "1e-1"]) {
        assert!(*frame == still(&sandbox, epsilon), "ε = {epsilon}");
    }
    // The file opens the view again.
    sandbox.run(&["export", "film.png", "-o", "again.png"]).assert_done();
}

/// What the model writes in each frame is what it writes in a figure at that ε; the baseline's is the same throughout.
#[test]
fn every_frame_has_what_the_model_writes_under_its_change() {
    let sandbox = Sandbox::new();
    let looks = ["--layers", "all", "--heads", "all", "--rows", "value", "--dpi", "72", "--continuation", "2"];
    let film = ["animate", "bundled:austen", "-o", "film.png", "--frames", "3", "--range", "1..=1e-2"];
    let cut = |ran: Ran| {
        let note = "attenuate: note: what the model writes is cut: it has no room in these lines\n";
        assert_eq!((ran.code, &*ran.stderr), (Some(0), note));
    };
    cut(sandbox.run(&[&film[..], &looks].concat()));
    let (control, frames) = apng(&sandbox, "film.png");
    assert_eq!(control.num_frames, 4);
    for (frame, epsilon) in frames.iter().zip(["1", "1e-1", "1e-2", "1e-1"]) {
        let columns = format!("{epsilon},1e-3,1e-10");
        let figure = ["export", "bundled:austen", "-o", "still.png", "--epsilon", &columns];
        cut(sandbox.run(&[&figure[..], &looks].concat()));
        assert!(*frame == pixels(&sandbox, "still.png"), "ε = {epsilon}");
    }
    assert!(frames[0] != frames[1]);
    let film = ["animate", "bundled:smollm2-capture", "-o", "none.png", "--continuation", "2"];
    sandbox.run(&film).assert_refused(1, &["writes no text", "a capture of one prompt"]);
    assert!(!sandbox.path("none.png").exists());
}

#[test]
fn the_same_animation_is_the_same_bytes() {
    let sandbox = Sandbox::new();
    for ending in ["png", "gif"] {
        let names = ["a", "b"].map(|name| format!("{name}.{ending}"));
        for name in &names {
            let looks = ["--dpi", "72", "--frames", "5", "--rows", "query", "--columns", "0", "--size", "85"];
            sandbox
                .run(&[&["animate", "bundled:smollm2-capture", "--no-session", "-o", name], &looks[..]].concat())
                .assert_done();
        }
        let [a, b] = names.map(|name| std::fs::read(sandbox.path(&name)).unwrap());
        assert!(a == b, "{ending}");
    }
}

#[test]
fn a_gif_has_its_frames_and_plays_as_told() {
    let sandbox = Sandbox::new();
    let arguments = [
        "animate",
        "bundled:smollm2-capture",
        "-o",
        "film.gif",
        "--dpi",
        "72",
        "--frames",
        "7",
        "--rate",
        "10",
        "--play",
        "loop",
        "--moving",
        "2",
    ];
    sandbox.run(&arguments).assert_done();
    let mut decoder = gif::DecodeOptions::new().read_info(File::open(sandbox.path("film.gif")).unwrap()).unwrap();
    assert_eq!((decoder.width(), decoder.height()), (504, 484));
    let mut delays = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        delays.push(frame.delay);
    }
    assert_eq!(delays, [10; 7]);
    assert_eq!(decoder.repeat(), gif::Repeat::Infinite);
}

#[test]
fn automatic_limits_are_those_of_all_frames() {
    let sandbox = Sandbox::new();
    let norm = ["--norm", "auto", "--dpi", "72", "--rows", "query", "--columns", "0", "--size", "85"];
    let film = ["animate", "bundled:smollm2-capture", "-o", "film.png", "--frames", "3", "--range", "1..=1e-2"];
    sandbox.run(&[&film[..], &norm[..]].concat()).assert_done();
    let (_, frames) = apng(&sandbox, "film.png");
    // The baseline spans 0 to 1: the last frame, which alone would span less, has that scale too.
    let last =
        ["export", "bundled:smollm2-capture", "-o", "still.png", "--epsilon", "1e-2,1e-3,1e-10", "--norm", "0:1"];
    sandbox.run(&[&last[..], &norm[2..]].concat()).assert_done();
    assert!(frames[2] == pixels(&sandbox, "still.png"));
}

#[test]
fn what_cannot_be_animated_is_refused_and_leaves_no_file() {
    let sandbox = Sandbox::new();
    for (arguments, code, parts) in [
        (&["-o", "film.mp4"][..], 1, &["film.mp4", ".png, .apng or .gif"][..]),
        (&["-o", "film.gif", "--ground", "transparent"], 1, &["half-transparent"]),
        (&["-o", "film.gif", "--range", "1..=0"], 2, &["--range", "above 0"]),
        (&["-o", "film.gif", "--frames", "1"], 2, &["--frames", "2 to 1000"]),
        (&["-o", "film.gif", "--rate", "60"], 2, &["--rate", "1 to 50"]),
        (&["-o", "film.gif", "--moving", "0,1"], 2, &["--moving", "one column"]),
        (&["-o", "film.gif", "--play", "twice"], 2, &["--play", "once"]),
        (&["-o", "missing/film.gif"], 1, &["missing/film.gif", "folder does not exist"]),
        (&["-o", "film.gif", "--size", "20000x20000px"], 1, &["100000000"]),
    ] {
        sandbox.run(&[&["animate"], arguments].concat()).assert_refused(code, parts);
        assert!(sandbox.names().is_empty());
    }
}
