//! Every option of every command is obeyed or refused by its name: all pairs of them, from the definition itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use attenuate::{
    cli::{Invocation, definition, parse},
    engine::{Bundled, Fingerprints, SourceSpec},
    session::{Command, Session, document::SessionDocument},
};
use safetensors::{Dtype, serialize, tensor::TensorView};

use crate::cli::sandbox::Sandbox;
use crate::support::{adapters, captured_figure, chatty};

/// The window, which has no name.
const WINDOW: &str = "attenuate";
/// What says itself where the answer goes, or prints and ends.
const OF_THE_PROGRAM: [&str; 3] = ["output", "help", "version"];

/// Accepted options that change no byte of the answer, and why. None is needed so far: whoever adds one says why.
const CHANGES_NOTHING: [(&str, &str, &str); 0] = [];

/// A value for the option (none for a flag), and the arguments in whose company it has something to say.
struct Sample {
    value: &'static str,
    company: &'static [&'static str],
    /// Of the file, where it is not the usual one.
    ending: Option<&'static str>,
    /// What is said in its place, where the command needs one of several.
    instead: &'static [&'static str],
}

const fn sample(value: &'static str, company: &'static [&'static str]) -> Sample {
    Sample { value, company, ending: None, instead: &[] }
}

fn sample_of(command: &str, option: &str) -> Sample {
    const LIVE: &[&str] = &["bundled:austen"];
    const TEXTS: &[&str] = &["bundled:austen", "-n", "3"];
    const SHIPS: &[&str] = &["bundled:austen", "--ships"];
    match (command, option) {
        (_, "from-prompt") => Sample { instead: &["--from-token-ids", "3,4,5"], ..sample("A cat.", patched(command)) },
        (_, "from-token-ids") => Sample { instead: &["--from-prompt", "A cat."], ..sample("3,4,5", patched(command)) },
        (_, "from-prompts") => {
            Sample { instead: &["--from-prompts", "other-prompts.txt"], ..sample("prompts.txt", mean_of(command)) }
        }
        (_, "with-first") => sample("", mean_over_prompts(command)),
        ("heads", "epsilon") => sample("0.5", SHIPS),
        ("continue", "epsilon") => sample("0", TEXTS),
        ("continue", "component") => sample("value", TEXTS),
        ("continue", "operation") => sample("mean-positions", TEXTS),
        ("continue", "seed") => sample("7", &["bundled:austen", "-n", "3", "--temperature", "1"]),
        ("continue", "positions") => sample("first", TEXTS),
        ("continue", "layer" | "head") => sample("2", TEXTS),
        ("continue", "layers") => sample("all", &["bundled:austen", "-n", "3", "--heads", "all"]),
        ("continue", "heads") => sample("all", &["bundled:austen", "-n", "3", "--layers", "all"]),
        ("continue", "set") => sample("2:1,5:*", TEXTS),
        ("continue", "block") => sample("*->0", TEXTS),
        ("continue", "in-force") => sample("key@5:*=0.5", TEXTS),
        ("continue", "model") => sample("bundled:smollm2", &["on-a-model.json", "-n", "3"]),
        // It says “Paris” and a date, and ends.
        (_, "past-eos") => sample("", &["bundled:smollm2", "--prompt", "The capital of France is", "-n", "31"]),
        (_, "top-k") => sample("2", &["bundled:austen", "-n", "3", "--temperature", "2"]),
        (_, "temperature") => sample("3", TEXTS),
        (_, "prompts") => sample("prompts.txt", TEXTS),
        ("heads", "operation") => sample("mean-heads", SHIPS),
        (_, "preset") => sample("safety-heads", SHIPS),
        ("heads", "seed") => sample("7", &["bundled:austen", "--ships", "--operation", "noise"]),
        ("sweep", "range") => Sample { ending: Some("svg"), ..sample("1e-3..=1e1", &[]) },
        ("sweep", "title" | "size" | "font" | "font-size" | "ground" | "notation") => {
            let of_export = sample_of("export", option);
            Sample { ending: Some("svg"), ..of_export }
        }
        ("sweep", "epsilon") => Sample { ending: Some("svg"), ..sample("0.3,0.2,0.1", &[]) },
        ("sweep", "metric") => Sample { ending: Some("svg"), ..sample("kl", &[]) },
        ("sweep", "dpi") => Sample { ending: Some("png"), ..sample("72", &[]) },
        ("export", "dpi") => sample("72", &[]),
        ("export", "text") => Sample { ending: Some("svg"), ..sample("paths", &["--no-session"]) },

        ("animate", "rows" | "columns" | "title") => sample(if option == "columns" { "0,2" } else { "query" }, &[]),
        (_, "model") => sample("other.safetensors", &["on-a-capture.json"]),
        (_, "prompt") => sample("A cat.", LIVE),
        (_, "token-ids") => sample("3,4,5,6", LIVE),
        (_, "no-bos") => sample("", LIVE),
        (_, "follow") => sample("", &["on-a-capture.json"]),
        (_, "layer" | "head" | "tokens" | "continuation") => sample("2", LIVE),
        (_, "epsilon" | "compare-epsilon") => sample("0.3,0.2,0.1", &[]),
        (_, "operation") => sample("mean-heads", &[]),
        (_, "seed") => sample("7", &["--operation", "noise"]),
        (_, "layers") => sample("all", &["bundled:austen", "--heads", "all"]),
        (_, "heads") => sample("all", &["bundled:austen", "--layers", "all"]),
        (_, "positions") => sample("first", &[]),
        (_, "block") => sample("*->0", LIVE),
        (_, "set") => sample("2:1,5:*", LIVE),
        ("heads", "in-force") => sample("key@5:*=0.5", SHIPS),
        (_, "in-force") => sample("key@5:*=0.5", LIVE),
        (_, "quantity") => sample("score", &[]),
        (_, "compare-head") => sample("2:1", &[]),
        // Fewer pixels than cells.
        ("export" | "animate", "pooling") => sample("mean", &["--size", "80"]),
        (_, "pooling") => sample("mean", &[]),
        (_, "norm") => sample("log", &[]),
        (_, "per-panel") => sample("", &["--norm", "auto"]),
        (_, "colormap") => sample("viridis", &[]),
        (_, "title") => sample("Another title", &[]),
        (_, "size") => sample("80", &[]),
        (_, "dpi") => sample("48", &[]),
        (_, "rows") => sample("query", &[]),
        (_, "columns") => sample("0,2", &[]),
        (_, "labels") => sample("positions", &[]),
        (_, "label-rotation") => sample("slanted", &["--labels", "tokens"]),
        (_, "rate") => sample("5", &[]),
        (_, "font-size") => sample("7", &[]),
        (_, "least-text") => sample("7", &["--labels", "tokens"]),
        (_, "font") => sample("serif", &[]),
        (_, "ground") => sample("dark", &[]),
        (_, "notation") => sample("powers", &[]),
        (_, "metrics" | "sort") => sample("sink", &[]),
        (_, "text") => sample("paths", &[]),
        (_, "no-session" | "json" | "ships") => sample("", if option == "ships" { LIVE } else { &[] }),
        (_, "moving") => sample("1", &[]),
        (_, "range") => sample("1..=1e-1", &[]),
        (_, "frames") => sample("3", &[]),
        (_, "play") => sample("once", &[]),
        (_, "cell") => sample("6,2", &[]),
        (_, "metric") => sample("kl", &[]),
        (_, "component") => sample("value", SHIPS),
        (_, "writes" | "target") => sample(" love", LIVE),
        (_, "at") => sample("4", &["bundled:austen", "--writes", " love"]),
        (_, "caption") => sample("", &[]),
        _ => of_folder(command, option),
    }
}

/// Of an option that is for a folder of its own: a model with a chat template, or an adapter.
fn of_folder(command: &str, option: &str) -> Sample {
    match (command, option) {
        ("continue", "base") => sample("other-base", &["adapter", "--token-ids", "5,17,40", "-n", "3"]),
        (_, "base") => sample("other-base", &["adapter", "--token-ids", "5,17,40"]),
        ("continue", "without-adapter") => sample("", &["adapter", "--token-ids", "5,17,40", "-n", "3"]),
        (_, "without-adapter" | "compare-base") => sample("", &["adapter", "--token-ids", "5,17,40"]),
        ("continue", "chat") => sample("", &["chatty", "-n", "3"]),
        ("continue", "system") => sample("Be brief.", &["chatty", "-n", "3", "--chat"]),
        ("continue", "date") => sample("2024-07-04", &["chatty", "-n", "3", "--chat"]),
        (_, "chat") => sample("", &["chatty"]),
        (_, "system") => sample("Be brief.", &["chatty", "--chat"]),
        (_, "date") => sample("2024-07-04", &["chatty", "--chat"]),
        _ => panic!("{command} --{option}: give a sample of it"),
    }
}

/// What asks for an operation that takes vectors from other prompts, on a model.
fn patched(command: &str) -> &'static [&'static str] {
    match command {
        "heads" => &["bundled:austen", "--ships", "--operation", "patch"],
        "continue" => &["bundled:austen", "-n", "3", "--operation", "patch"],
        _ => &["bundled:austen", "--operation", "patch"],
    }
}

/// The same of the mean over prompts, but for the file that they are in.
fn mean_of(command: &str) -> &'static [&'static str] {
    match command {
        "heads" => &["bundled:austen", "--ships", "--operation", "mean-prompts"],
        "continue" => &["bundled:austen", "-n", "3", "--operation", "mean-prompts"],
        _ => &["bundled:austen", "--operation", "mean-prompts"],
    }
}

/// The same with their file.
fn mean_over_prompts(command: &str) -> &'static [&'static str] {
    match command {
        "heads" => &["bundled:austen", "--ships", "--operation", "mean-prompts", "--from-prompts", "prompts.txt"],
        "continue" => &["bundled:austen", "-n", "3", "--operation", "mean-prompts", "--from-prompts", "prompts.txt"],
        _ => &["bundled:austen", "--operation", "mean-prompts", "--from-prompts", "prompts.txt"],
    }
}

/// What a command needs besides, as small as it goes, less what the sample says itself.
fn usual(command: &str, option: &str, sample: &Sample) -> Vec<&'static str> {
    let ending = sample.ending.unwrap_or(match command {
        "export" | "animate" => "png",
        "weights" => "json",
        _ => "csv",
    });
    let output: &[&str] = match (command, ending) {
        (WINDOW | "heads" | "models" | "continue", _) => &[],
        (_, "png") => &["-o", "out.png"],
        (_, "svg") => &["-o", "out.svg"],
        (_, "json") => &["-o", "out.json"],
        _ => &["-o", "out.csv"],
    };
    let looks: &[(&str, &str)] = match (command, ending) {
        ("export", "png") => &[("size", "100"), ("dpi", "36"), ("labels", "none"), ("no-session", "")],
        ("animate", _) => &[("size", "100"), ("dpi", "36"), ("labels", "none"), ("no-session", ""), ("frames", "2")],
        _ => &[],
    };
    let mut words = output.to_vec();
    for (name, value) in looks {
        let is_said = *name == option || sample.company.iter().any(|word| word.strip_prefix("--") == Some(name));
        if !is_said {
            words.push(long(name));
            words.extend((!value.is_empty()).then_some(*value));
        }
    }
    words.extend(sample.company);
    let of_source = [
        "prompt",
        "token-ids",
        "no-bos",
        "chat",
        "system",
        "date",
        "model",
        "base",
        "follow",
        "without-adapter",
        "compare-base",
    ];
    let reads = command == "models" || of_source.contains(&option);
    if !reads && words.iter().all(|word| !word.starts_with("bundled:") && !word.starts_with("on-a-")) {
        words.push("bundled:smollm2-capture");
    }
    words
}

/// `name` with its hyphens.
fn long(name: &str) -> &'static str {
    match name {
        "size" => "--size",
        "dpi" => "--dpi",
        "labels" => "--labels",
        "no-session" => "--no-session",
        "frames" => "--frames",
        other => panic!("{other}"),
    }
}

/// Models of the sandbox.
const FOLDERS: [&str; 3] = ["chatty", "adapter", "other-base"];

/// Two captures, a session on the first, and one on a model; a model with a chat template; an adapter and two bases.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, factor) in [("capture.safetensors", 1.0_f32), ("other.safetensors", -2.0)] {
        let numbers = |from: u8| -> Vec<u8> {
            let value = |index: u8| factor * (f32::from((index * 37 + from) % 17) / 8.0 - 1.0);
            (0..8 * 2).flat_map(|index| value(index).to_le_bytes()).collect()
        };
        let data = [numbers(1), numbers(5), numbers(11)];
        let view = |data| TensorView::new(Dtype::F32, vec![1, 1, 8, 2], data).unwrap();
        let tensors = [("q", view(&data[0])), ("k", view(&data[1])), ("v", view(&data[2]))];
        fs::write(sandbox.path(name), serialize(tensors, None).unwrap()).unwrap();
    }
    let source = SourceSpec::Capture(sandbox.path("capture.safetensors"));
    let session = captured_figure().with([Command::Locate(source), Command::SetLayer(0), Command::SetHead(0)]);
    let document = SessionDocument::of(&session, None, &Fingerprints::default());
    document.save(&sandbox.path("on-a-capture.json")).unwrap();
    let document = SessionDocument::of(&Session::example(Bundled::Austen), None, &Fingerprints::default());
    document.save(&sandbox.path("on-a-model.json")).unwrap();
    fs::write(sandbox.path("prompts.txt"), "A cat.\n\nA dog.\n").unwrap();
    fs::write(sandbox.path("other-prompts.txt"), "Hello.\n").unwrap();
    chatty::write(&sandbox.path("chatty"));
    adapters::adapter(&sandbox.path("adapter"), "base");
    for name in ["base", "other-base"] {
        adapters::model(&sandbox.path(name));
    }
    let config = sandbox.path("other-base").join("config.json");
    let mut keys: serde_json::Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
    keys["rms_norm_eps"] = 0.5.into();
    fs::write(config, keys.to_string()).unwrap();
    sandbox
}

/// What the command answers: its file and what it prints, or what the window opens on.
fn answer(sandbox: &Sandbox, command: &str, arguments: &[&str]) -> Vec<u8> {
    if command == WINDOW {
        // Relative paths are the sandbox's.
        let path = |word: &str| sandbox.path(word).display().to_string();
        let endings = [".json", ".safetensors", ".txt"];
        let is_file = |word: &str| FOLDERS.contains(&word) || endings.iter().any(|ending| word.ends_with(ending));
        let words = arguments.iter().map(|word| if is_file(word) { path(word) } else { (*word).to_owned() });
        let words = std::iter::once(WINDOW.to_owned()).chain(words).map(Into::into);
        let Ok(Invocation::Window(task)) = parse(words) else { panic!("{arguments:?}") };
        return format!("{:?}", task.start().unwrap()).into_bytes();
    }
    let arguments = [&[command], arguments].concat();
    let ran = sandbox.run(&arguments);
    // What is said of a source, as that it is a model with its adapter, is no complaint.
    let is_note = |line: &str| line.starts_with("attenuate: note: ");
    assert!(ran.code == Some(0) && ran.stderr.lines().all(is_note), "{arguments:?}: {:?}, {}", ran.code, ran.stderr);
    match arguments.iter().position(|&word| word == "-o") {
        Some(at) => {
            let path = sandbox.path(arguments[at + 1]);
            let mut bytes = fs::read(&path).unwrap();
            fs::remove_file(path).unwrap();
            bytes.extend(ran.stdout.into_bytes());
            bytes
        }
        None => ran.stdout.into_bytes(),
    }
}

/// The long names of a command's options.
fn options(command: &clap::Command) -> BTreeSet<String> {
    let names = command.get_arguments().filter_map(|argument| argument.get_long());
    names.filter(|name| !OF_THE_PROGRAM.contains(name)).map(ToOwned::to_owned).collect()
}

#[test]
fn every_option_of_every_command_is_obeyed_or_refused() {
    let definition = definition();
    let is_manual = |name: &str| matches!(name, "completions" | "man");
    let mut commands: BTreeMap<String, BTreeSet<String>> = definition
        .get_subcommands()
        .filter(|command| !is_manual(command.get_name()))
        .map(|command| (command.get_name().to_owned(), options(command)))
        .collect();
    commands.insert(WINDOW.to_owned(), options(&definition));
    assert_eq!(commands.len(), 8);
    let all: BTreeSet<String> = commands.values().flatten().cloned().collect();
    let sandbox = sandbox();
    let mut wrong = Vec::new();
    for (command, accepted) in &commands {
        for option in &all {
            let sample = sample_of(command, option);
            let flag = format!("--{option}");
            let given: Vec<&str> =
                std::iter::once(flag.as_str()).chain((!sample.value.is_empty()).then_some(sample.value)).collect();
            let usual = usual(command, option, &sample);
            if !accepted.contains(option) {
                let words = if command == WINDOW { given.clone() } else { [&[command.as_str()], &given[..]].concat() };
                sandbox.run(&words).assert_refused(2, &[&flag]);
                continue;
            }
            let without = answer(&sandbox, command, &[&usual[..], sample.instead].concat());
            let with = answer(&sandbox, command, &[&usual[..], &given].concat());
            let is_known = CHANGES_NOTHING.iter().any(|(c, o, _)| c == command && o == option);
            if (with == without) != is_known {
                wrong.push(format!("{command} {} {}", usual.join(" "), given.join(" ")));
            }
        }
    }
    assert!(wrong.is_empty(), "these change nothing, or are listed as if they did not:\n{}", wrong.join("\n"));
}

/// Accepted in general, without anything to say in this company: one line that names the option.
#[test]
fn an_option_that_nothing_would_follow_is_refused_by_name() {
    let sandbox = sandbox();
    for (arguments, part) in [
        (&["weights", "-o", "w.npz", "--quantity", "score"][..], "--quantity"),
        (&["weights", "-o", "w.npz", "--compare-head", "1:1"], "--compare-head"),
        (&["weights", "-o", "w.npz", "--norm", "log"], "--norm"),
        (&["sweep", "-o", "s.csv", "--quantity", "score"], "--quantity"),
        (&["sweep", "-o", "s.csv", "--epsilon", "1,0.5,0"], "--epsilon"),
        (&["sweep", "-o", "s.json", "--metric", "kl"], "--metric"),
        (&["sweep", "-o", "s.csv", "--range", "1e-3..=1"], "--range"),
        (&["sweep", "-o", "s.csv", "--size", "85"], "--size"),
        (&["sweep", "-o", "s.json", "--font", "serif"], "--font"),
        (&["sweep", "-o", "s.pdf", "--range", "0..=1"], "--range"),
        (&["sweep", "-o", "s.pdf", "--metric", "kl,weight"], "--metric"),
        (&["sweep", "-o", "s.svg", "--dpi", "72"], "--dpi"),
        (&["sweep", "-o", "s.svg", "--cell", "6,2"], "--cell"),
        (&["sweep", "-o", "s.svg", "--cell", "6,2", "--metric", "kl"], "--cell"),
        (&["export", "-o", "f.png", "--text", "paths"], "--text"),
        (&["export", "-o", "f.svg", "--dpi", "72"], "--dpi"),
        (&["export", "-o", "f.svg", "--per-panel"], "--per-panel"),
        (&["export", "-o", "f.svg", "--per-panel", "--norm", "log"], "--per-panel"),
        (&["export", "-o", "f.svg", "--labels", "none", "--label-rotation", "level"], "--label-rotation"),
        (&["export", "-o", "f.svg", "--quantity", "score", "--compare-head", "1:1"], "--compare-head"),
        (&["bundled:austen", "--follow"], "--follow"),
        (&["heads", "bundled:austen", "--without-adapter"], "--without-adapter"),
        (&["export", "-o", "f.svg", "--compare-base", "--compare-head", "1:1"], "--compare-base"),
        (&["--quantity", "weight", "--compare-epsilon", "1,1,1"], "--compare-epsilon"),
        (&["animate", "-o", "a.png", "--text", "paths"], "--text"),
        (&["animate", "-o", "a.png", "--columns", "1,2"], "--moving"),
        (&["animate", "-o", "a.png", "--quantity", "weight", "--per-panel"], "--per-panel"),
        (&["heads", "--seed", "3"], "--ships"),
        (&["heads", "--ships", "--seed", "3"], "--seed"),
        (&["heads", "--component", "value"], "--ships"),
        (&["heads", "--ships", "--epsilon", "0.3,0.1,0"], "--epsilon"),
        (&["continue", "--seed", "3"], "--seed"),
        (&["continue", "--system", "Be brief."], "--system"),
        (&["weights", "-o", "w.npz", "--date", "2024-07-04"], "--date"),
        (&["weights", "-o", "w.npz", "--chat", "--date", "2024-02-30"], "--date"),
        (&["heads", "--chat", "--no-bos"], "--no-bos"),
        (&["heads", "--chat", "--token-ids", "1,2"], "--token-ids"),
        (&["heads", "bundled:smollm2-capture", "--chat"], "--chat"),
        (&["continue", "--temperature", "0"], "--temperature"),
        (&["continue", "--prompts", "prompts.txt", "--prompt", "A cat."], "--prompts"),
    ] {
        sandbox.run(arguments).assert_refused(2, &[part]);
    }
    assert_eq!(
        sandbox.names(),
        [
            "adapter",
            "base",
            "capture.safetensors",
            "chatty",
            "on-a-capture.json",
            "on-a-model.json",
            "other-base",
            "other-prompts.txt",
            "other.safetensors",
            "prompts.txt"
        ]
    );
    // Of a session that is known once it is read.
    sandbox
        .run(&["export", "on-a-capture.json", "-o", "f.svg", "--per-panel"])
        .assert_refused(1, &["--per-panel", "--norm linear"]);
}

/// Differences are of each head from itself at other ε.
#[test]
fn compare_epsilon_is_of_the_head_that_is_shown() {
    let sandbox = Sandbox::new();
    let looks = ["--compare-epsilon", "1,1,1", "--no-session", "--size", "100", "--labels", "none"];
    sandbox
        .run(&[&["export", "bundled:smollm2-capture", "-o", "{head}.svg", "--head", "1,3"], &looks[..]].concat())
        .assert_done();
    for head in ["1", "3"] {
        sandbox
            .run(&[&["export", "bundled:smollm2-capture", "-o", "alone.svg", "--head", head], &looks[..]].concat())
            .assert_done();
        let [batch, alone] =
            [format!("{head}.svg"), "alone.svg".into()].map(|name| fs::read(sandbox.path(&name)).unwrap());
        assert!(batch == alone, "{head}");
    }
    let [first, third] = ["1.svg", "3.svg"].map(|name| fs::read(sandbox.path(name)).unwrap());
    assert!(first != third);
    // ε = 1 changes nothing: less itself, every cell is 0.
    sandbox
        .run(
            &[
                &["export", "bundled:smollm2-capture", "-o", "zero.svg", "--head", "3", "--epsilon", "1,1,1"],
                &looks[..],
            ]
            .concat(),
        )
        .assert_done();
    sandbox
        .run(
            &[
                &[
                    "export",
                    "bundled:smollm2-capture",
                    "-o",
                    "base.svg",
                    "--head",
                    "3",
                    "--epsilon",
                    "1,1,1",
                    "--quantity",
                    "difference",
                ],
                &looks[2..],
            ]
            .concat(),
        )
        .assert_done();
    let [zero, base] = ["zero.svg", "base.svg"].map(|name| fs::read_to_string(sandbox.path(name)).unwrap());
    // Cells and colour bar, without the words, which say what is compared with.
    let drawn = |svg: &str| -> Vec<String> {
        let is_drawn = |line: &&str| line.starts_with("<path fill") || line.starts_with("<image");
        svg.lines().filter(is_drawn).map(ToOwned::to_owned).collect()
    };
    assert!(!drawn(&zero).is_empty());
    assert_eq!(drawn(&zero), drawn(&base));
}

#[test]
fn a_source_that_is_not_there_exits_with_1_and_says_so() {
    let sandbox = Sandbox::new();
    for (arguments, path) in [
        (&["missing"][..], "missing"),
        (&["weights", "-o", "w.json", "models/missing"], "models/missing"),
        (&["export", "-o", "f.png", "notes.txt"], "notes.txt"),
        (&["animate", "-o", "f.png", "notes.txt"], "notes.txt"),
        (&["sweep", "-o", "s.csv", "missing", "--prompt", "Hello."], "missing"),
        (&["heads", "missing"], "missing"),
    ] {
        sandbox.run(arguments).assert_refused(1, &["there is no such file or folder", path]);
    }
    sandbox.write("notes.txt", b"Hello.");
    sandbox.run(&["heads", "notes.txt"]).assert_refused(2, &["notes.txt", "expected", ".gguf"]);
    sandbox.run(&["heads", "notes.txt/x"]).assert_refused(1, &["cannot read", "notes.txt/x"]);
    assert_eq!(sandbox.names(), ["notes.txt"]);
}

#[test]
fn what_is_opened_by_mistake_is_called_by_its_name() {
    let sandbox = Sandbox::new();
    let tensor = |name: &'static str| {
        let tensor = TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap();
        serialize([(name, tensor)], None).unwrap()
    };
    for (name, bytes, code, part) in [
        ("pytorch_model.bin", b"\x80\x02\x8a\nl\xfc".to_vec(), 2, "a pickle, which is never run"),
        ("model.safetensors", tensor("lm_head.weight"), 1, "open the folder that they are in"),
        ("consolidated.safetensors", tensor("layers.0.attention.wq.weight"), 1, "authors' own layout"),
        ("adapter_model.safetensors", tensor("x.q_proj.lora_A.weight"), 1, "the folder of its model"),
    ] {
        sandbox.write(name, &bytes);
        sandbox.run(&["heads", name]).assert_refused(code, &[name, part]);
    }
}

#[cfg(unix)]
#[test]
fn a_source_that_cannot_be_looked_at_exits_with_1() {
    let sandbox = Sandbox::new();
    std::os::unix::fs::symlink("loop", sandbox.path("loop")).unwrap();
    sandbox.run(&["heads", "loop"]).assert_refused(1, &["cannot read", "loop"]);
    sandbox.run(&["weights", "loop/model", "-o", "w.json"]).assert_refused(1, &["cannot read", "loop/model"]);
}
