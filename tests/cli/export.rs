//! `attenuate export`

use std::{collections::BTreeSet, fs, path::Path};

use crate::cli::sandbox::Sandbox;

struct Picture {
    size: [u32; 2],
    /// Per metre.
    resolution: u32,
    rgb: Vec<[u8; 3]>,
}

fn decode(path: &Path) -> Picture {
    let mut reader = png::Decoder::new(std::io::BufReader::new(fs::File::open(path).unwrap())).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((frame.color_type, frame.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    let dimensions = reader.info().pixel_dims.unwrap();
    assert_eq!((dimensions.unit, dimensions.xppu), (png::Unit::Meter, dimensions.yppu));
    let rgb = bytes[..frame.buffer_size()].chunks_exact(3).map(|rgb| rgb.try_into().unwrap()).collect();
    Picture { size: [frame.width, frame.height], resolution: dimensions.xppu, rgb }
}

fn export(arguments: &[&str]) -> Picture {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&[&["export", "-o", "figure.png"], arguments].concat());
    ran.assert_done();
    assert_eq!(ran.stdout, "");
    assert_eq!(sandbox.names(), ["figure.png"]);
    decode(&sandbox.path("figure.png"))
}

fn colors(picture: &Picture) -> BTreeSet<[u8; 3]> {
    picture.rgb.iter().copied().collect()
}

#[test]
fn the_size_is_what_dpi_and_millimetres_say() {
    // 178 mm are 7.0079 inches, 160 mm are 6.2992, 90 mm are 3.5433, 100 mm are 3.937.
    for (arguments, width, height, resolution) in [
        (&["bundled:smollm2-capture"][..], 2102, None, 11_811),
        (&["--dpi", "100"], 701, None, 3_937),
        (&["--dpi", "100", "--size", "178x160"], 701, Some(630), 3_937),
        (&["--size", "100x90", "--dpi", "254"], 1000, Some(900), 10_000),
        (&["bundled:austen", "--dpi", "72", "--size", "254"], 720, None, 2_835),
    ] {
        let picture = export(arguments);
        assert_eq!((picture.size[0], picture.resolution), (width, resolution), "{arguments:?}");
        match height {
            Some(height) => assert_eq!(picture.size[1], height, "{arguments:?}"),
            None => assert!((width / 2..width * 3 / 2).contains(&picture.size[1]), "{arguments:?} {:?}", picture.size),
        }
        let [width, height] = picture.size.map(|side| side as usize);
        assert_eq!(picture.rgb.len(), width * height);
        assert!(colors(&picture).len() > 100, "something is drawn");
        assert_eq!(picture.rgb[0], [255; 3], "on white");
    }
}

#[test]
fn the_same_figure_is_the_same_bytes() {
    let sandbox = Sandbox::new();
    for name in ["first.png", "second.png", "THIRD.PNG"] {
        sandbox.run(&["export", "bundled:smollm2-capture", "-o", name, "--dpi", "90"]).assert_done();
    }
    let [first, second, third] = ["first.png", "second.png", "THIRD.PNG"].map(|n| fs::read(sandbox.path(n)).unwrap());
    assert!(first == second && first == third);
}

#[test]
fn options_change_the_picture() {
    let plain = export(&["--dpi", "72"]);
    for arguments in [
        &["--epsilon", "0.4,1e-3,1e-10"][..],
        &["--title", "Another title"],
        &["--title", ""],
        &["--norm", "log"],
        &["--norm", "symmetric"],
        &["--norm", "log:0.01:0.5"],
        &["--norm", "auto", "--per-panel"],
        &["--quantity", "difference"],
        &["--quantity", "uniform-ratio"],
        &["--quantity", "score"],
        &["--quantity", "value-norm"],
        &["--colormap", "rdbu"],
        &["--norm=-1:2"],
        &["--colormap", "viridis"],
        &["--layer", "13"],
        &["--head", "4"],
        &["--positions", "first"],
    ] {
        assert!(export(&[&["--dpi", "72"], arguments].concat()).rgb != plain.rgb, "{arguments:?}");
    }
    let grey = export(&["--dpi", "72", "--colormap", "greys"]);
    let is_grey = |&[r, g, b]: &[u8; 3]| r.abs_diff(g) < 16 && g.abs_diff(b) < 16;
    assert!(grey.rgb.iter().all(is_grey) && !plain.rgb.iter().all(is_grey));
}

#[test]
fn a_quantity_brings_its_title_norm_and_colours() {
    for (quantity, title, norm, colormap) in [
        ("difference", "The Difference from Baseline after Modifying Query, Key and Value", "symmetric", "rdbu"),
        ("uniform-ratio", "The Weight / Uniform after Modifying Query, Key and Value", "log-symmetric", "rdbu"),
        ("score", "The Score after Modifying Query, Key and Value", "auto", "viridis"),
        ("value-norm", "The Weight × ‖Value‖ after Modifying Query, Key and Value", "auto", "cividis"),
    ] {
        let plain = export(&["--dpi", "72", "--quantity", quantity]);
        let spelled_out =
            ["--dpi", "72", "--quantity", quantity, "--title", title, "--norm", norm, "--colormap", colormap];
        assert!(export(&spelled_out).rgb == plain.rgb, "{quantity}");
        let other = export(&["--dpi", "72", "--quantity", quantity, "--colormap", "magma"]);
        assert!(other.rgb != plain.rgb, "{quantity}");
    }
}

#[test]
fn a_quantity_leaves_the_numbers_alone() {
    let sandbox = Sandbox::new();
    sandbox.run(&["export", "bundled:smollm2-capture", "-o", "a.svg", "--quantity", "difference"]).assert_done();
    sandbox.run(&["weights", "bundled:smollm2-capture", "-o", "a.json"]).assert_done();
    sandbox.run(&["weights", "a.svg", "-o", "b.json"]).assert_done();
    let numbers = |name| {
        let file: serde_json::Value = serde_json::from_slice(&fs::read(sandbox.path(name)).unwrap()).unwrap();
        ["baseline", "query", "key", "value"].map(|tensor| file[tensor].clone())
    };
    assert!(numbers("a.json") == numbers("b.json"));
}

#[test]
fn a_capture_without_values_has_no_weight_times_value() {
    let sandbox = Sandbox::new();
    let vectors: Vec<u8> = (0..12_u8).flat_map(|n| (f32::from(n) * 0.3).sin().to_le_bytes()).collect();
    let view = || safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![4, 3], &vectors).unwrap();
    let capture =
        sandbox.write("qk.safetensors", &safetensors::serialize([("q", view()), ("k", view())], None).unwrap());
    let ran = sandbox.run(&["export", capture, "-o", "x.png", "--quantity", "value-norm"]);
    ran.assert_refused(1, &["weight × ‖value‖", "holds none", "v or value"]);
    assert_eq!(sandbox.names(), ["qk.safetensors"]);
    sandbox.run(&["export", capture, "-o", "x.png", "--quantity", "score", "--dpi", "72"]).assert_done();
}

#[test]
fn other_formats_are_refused_with_what_there_is() {
    for (name, parts) in [
        ("figure", &["figure", ".png, .svg or .pdf"][..]),
        ("figure.jpeg", &["figure.jpeg", ".png"]),
        (".png", &[".png"]),
    ] {
        let sandbox = Sandbox::new();
        sandbox.run(&["export", "bundled:smollm2-capture", "-o", name]).assert_refused(1, parts);
        assert!(sandbox.names().is_empty());
    }
}

#[test]
fn a_figure_carries_the_session_that_draws_it_again() {
    let sandbox = Sandbox::new();
    for ending in ["png", "svg", "pdf"] {
        let (first, again) = (format!("first.{ending}"), format!("again.{ending}"));
        let view = ["--layer", "3", "--head", "2", "--epsilon", "0.2,0.1,0", "--quantity", "difference"];
        sandbox.run(&[&["export", "bundled:smollm2-capture", "-o", &first], &view[..]].concat()).assert_done();
        sandbox.run(&["export", &first, "-o", &again]).assert_done();
        assert!(fs::read(sandbox.path(&first)).unwrap() == fs::read(sandbox.path(&again)).unwrap(), "{ending}");
        let without = format!("without.{ending}");
        sandbox
            .run(&[&["export", "bundled:smollm2-capture", "--no-session", "-o", &without], &view[..]].concat())
            .assert_done();
        let bytes = fs::read(sandbox.path(&without)).unwrap();
        assert!(bytes.len() < fs::read(sandbox.path(&first)).unwrap().len());
        let parts = [without.as_str(), "session"];
        sandbox.run(&["export", &without, "-o", "other.png"]).assert_refused(1, &parts);
    }
}

#[test]
fn several_heads_are_written_as_each_would_be_alone() {
    let sandbox = Sandbox::new();
    let arguments = ["export", "bundled:austen", "--layer", "1..=2", "--head", "all", "-o", "{layer}-{head}.png"];
    sandbox.run(&arguments).assert_done();
    let expected: Vec<String> =
        (1..3).flat_map(|layer| (0..4).map(move |head| format!("{layer}-{head}.png"))).collect();
    assert_eq!(sandbox.names(), expected);
    let alone = ["export", "bundled:austen", "--layer", "2", "--head", "1", "-o", "alone.png"];
    sandbox.run(&alone).assert_done();
    assert!(fs::read(sandbox.path("2-1.png")).unwrap() == fs::read(sandbox.path("alone.png")).unwrap());

    let sandbox = Sandbox::new();
    let arguments = ["weights", "bundled:smollm2-capture", "--layer", "0,29", "--head", "8", "-o", "{layer}.csv"];
    sandbox.run(&arguments).assert_done();
    assert_eq!(sandbox.names(), ["0.csv", "29.csv"]);
    sandbox
        .run(&["weights", "bundled:smollm2-capture", "--layer", "29", "--head", "8", "-o", "alone.csv"])
        .assert_done();
    assert!(fs::read(sandbox.path("29.csv")).unwrap() == fs::read(sandbox.path("alone.csv")).unwrap());
}

#[test]
fn several_heads_without_names_or_of_other_models_are_refused_before_a_file_is_written() {
    let sandbox = Sandbox::new();
    let parts = ["--layer", "{layer}", "same.png"];
    sandbox.run(&["export", "bundled:smollm2-capture", "--layer", "0..=3", "-o", "same.png"]).assert_refused(2, &parts);
    sandbox
        .run(&["weights", "bundled:smollm2-capture", "--head", "all", "-o", "same.csv"])
        .assert_refused(2, &["--head", "{head}"]);
    sandbox
        .run(&["export", "bundled:smollm2-capture", "--layer", "1..", "-o", "{layer}.png"])
        .assert_refused(2, &["--layer", "A..=B"]);
    let parts = ["layer 30", "0 to 29"];
    sandbox
        .run(&["export", "bundled:smollm2-capture", "--layer", "28..=31", "-o", "{layer}.png"])
        .assert_refused(1, &parts);
    assert!(sandbox.names().is_empty());
    // Two are written at a time: either may fail first.
    let parts = ["folder does not exist", "/3.png"];
    sandbox
        .run(&["export", "bundled:smollm2-capture", "--layer", "all", "-o", "{layer}/{head}.png"])
        .assert_refused(1, &parts);
}

/// The examples of `--help`, as they are pasted into a shell.
#[test]
fn the_examples_of_the_help_work() {
    for command in ["export", "animate"] {
        let sandbox = Sandbox::new();
        let help = sandbox.run(&[command, "--help"]).stdout;
        let (_, examples) = help.split_once("Examples:").unwrap();
        let examples: Vec<&str> = examples.lines().filter(|line| line.contains("attenuate ")).collect();
        assert!(examples.len() >= 3, "{help}");
        let folder = Path::new(env!("CARGO_BIN_EXE_attenuate")).parent().unwrap().to_owned();
        for example in examples {
            let mut shell = std::process::Command::new("sh");
            let path = std::env::join_paths([folder.clone(), "/usr/bin".into(), "/bin".into()]).unwrap();
            shell.args(["-c", example.trim()]).current_dir(sandbox.path("")).env("PATH", path);
            let output = shell.output().unwrap();
            assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert!(sandbox.names().len() >= 3, "{:?}", sandbox.names());
    }
}

#[test]
fn epsilon_is_written_as_is_asked_for() {
    let sandbox = Sandbox::new();
    let written = |arguments: &[&str]| {
        sandbox.run(arguments).assert_done();
        fs::read_to_string(sandbox.path("out.svg")).unwrap()
    };
    let figure = ["export", "bundled:smollm2-capture", "-o", "out.svg"];
    assert!(written(&figure).contains(">Modifying Query with ε = 1e-10<"), "the paper’s");
    let of = |notation: &'static str| [&figure[..], &["--notation", notation]].concat();
    assert!(written(&of("powers")).contains(">Modifying Query with ε = 10⁻³<"));
    let decimal = written(&of("decimal"));
    assert!(decimal.contains("ε = 0.001<") && decimal.contains("ε = 10⁻¹⁰<"));
    // Of a session it is the session's, until another is asked for.
    fs::rename(sandbox.path("out.svg"), sandbox.path("decimal.svg")).unwrap();
    assert_eq!(written(&["export", "decimal.svg", "-o", "out.svg"]), decimal);
    assert!(written(&["sweep", "decimal.svg", "-o", "out.svg"]).contains(">10⁻¹⁰<"));
    let sweep = ["sweep", "bundled:smollm2-capture", "-o", "out.svg", "--notation", "powers"];
    assert!(written(&sweep).contains(">10⁻¹⁰<"));
    sandbox.run(&["sweep", "-o", "out.csv", "--notation", "powers"]).assert_refused(2, &["--notation"]);
}

#[test]
fn differences_are_from_another_head_or_another_epsilon() {
    let sandbox = Sandbox::new();
    let words = |arguments: &[&str]| {
        let view = ["export", "bundled:smollm2-capture", "--quantity", "difference", "-o", "out.svg"];
        sandbox.run(&[&view[..], arguments].concat()).assert_done();
        fs::read_to_string(sandbox.path("out.svg")).unwrap()
    };
    let baseline = words(&[]);
    assert!(baseline.contains(">Difference from Baseline<"));
    let head = words(&["--compare-head", "3:1"]);
    assert!(head.contains(">Difference from Layer 3 Head 1<"));
    let kept = words(&["--compare-epsilon", "1,1,1"]);
    assert!(kept.contains(">Difference from the Kept View<"));
    sandbox.run(&["export", "out.svg", "-o", "again.svg"]).assert_done();
    assert_eq!(
        fs::read_to_string(sandbox.path("again.svg")).unwrap(),
        kept,
        "the file carries what it was compared with"
    );
    let parts = ["--compare-head", "3:1", "“3”"];
    sandbox.run(&["export", "bundled:smollm2-capture", "-o", "x.svg", "--compare-head", "3"]).assert_refused(2, &parts);
    sandbox
        .run(&["export", "bundled:smollm2-capture", "-o", "x.svg", "--compare-head", "99:0"])
        .assert_refused(1, &["layer 99", "0 to 29"]);
}

#[test]
fn presets_are_drawn_and_what_is_hard_to_read_is_said_with_what_mends_it() {
    let sandbox = Sandbox::new();
    let with = |arguments: &[&str]| {
        let ran =
            sandbox.run(&[&["export", "bundled:smollm2-capture", "-o", "f.svg", "--no-session"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(ran.stdout, "");
        ran.stderr
    };
    assert_eq!(with(&["--size", "85"]), "", "one column of a journal");
    let said = with(&[]);
    assert!(said.starts_with("attenuate: note: the smallest text has 5.") && said.lines().count() == 1, "{said}");
    let option = said.split_once(": --least-text 6 mends it").expect(&said);
    assert!(option.0.ends_with("print needs 6"), "{said}");
    assert_eq!(with(&["--least-text", "6"]), "");
    let said = with(&["--size", "85", "--font-size", "20"]);
    assert!(said.contains("in the place of 20") && said.contains("no room"), "{said}");
}

#[test]
fn a_caption_says_how_the_figure_is_made_again() {
    let sandbox = Sandbox::new();
    let caption = |arguments: &[&str]| {
        let ran =
            sandbox.run(&[&["export", "--caption", "-o", "{layer}-{head}.svg", "--size", "85"], arguments].concat());
        ran.assert_done();
        ran.stdout
    };
    let of_figure = caption(&["bundled:smollm2-capture"]);
    assert_eq!(of_figure.lines().count(), 1);
    for part in [
        "Attention Weight of head 3 in layer 14 of SmolLM2-135M-Instruct",
        "(30 layers of 9 heads, counted from 0)",
        "24 tokens of “<|endoftext|>",
        "Query, Key and Value multiplied by ε",
        "ε = 5e-1, 1e-3 and 1e-10.",
        "Changed: head 3 of layer 14, at all positions.",
        &format!("Attenuate {}.", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(of_figure.contains(part), "“{part}” is missing in {of_figure}");
    }
    let of_set = caption(&[
        "bundled:austen",
        "--prompt",
        "In love.",
        "--set",
        "2:1,5:*",
        "--in-force",
        "key@5:*=0.5",
        "--block",
        "*->0",
        "--positions",
        "first",
        "--operation",
        "noise",
        "--seed",
        "7",
        "--epsilon",
        "0.25,0",
        "--rows",
        "query,key",
    ]);
    for part in [
        "Query and Key with noise",
        "seed 7",
        "ε = 2.5e-1 and 0.",
        "Changed: the heads 2:1,5:* (LAYER:HEAD), at position 0.",
        "key@5:*=5e-1",
        "block=*->0",
        "In love.”",
    ] {
        assert!(of_set.contains(part), "“{part}” is missing in {of_set}");
    }
    // One for each file, in their order.
    let several = caption(&["bundled:austen", "--layer", "1,3", "--head", "all"]);
    let place = |line: &str| -> [usize; 2] {
        let numbers = line.split([' ', '.']).filter_map(|word| word.parse().ok()).collect::<Vec<usize>>();
        [numbers[1], numbers[0]]
    };
    let places: Vec<[usize; 2]> = several.lines().map(place).collect();
    assert!(places.len() > 2 && places.is_sorted() && places[0] == [1, 0], "{several}");
}

#[test]
fn what_the_model_writes_stands_under_each_panel() {
    let sandbox = Sandbox::new();
    let export = ["export", "bundled:austen", "--layer", "0..=1", "-o", "{layer}.svg"];
    sandbox.run(&[&export[..], &["--continuation", "8"]].concat()).assert_done();
    for name in ["0.svg", "1.svg"] {
        assert!(fs::read_to_string(sandbox.path(name)).unwrap().contains("Baseline: "), "{name}");
    }
    let capture = ["export", "bundled:smollm2-capture", "-o", "a.png", "--continuation"];
    sandbox.run(&[&capture[..], &["2"]].concat()).assert_refused(1, &["--continuation", "writes no text", "a capture"]);
    sandbox.run(&[&capture[..], &["9"]].concat()).assert_refused(2, &["--continuation", "1 to 8 lines"]);
    assert_eq!(sandbox.names(), ["0.svg", "1.svg"]);
}
