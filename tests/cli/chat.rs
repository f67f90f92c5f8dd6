//! `--chat`: a prompt through the model's chat template, on the command line and in sessions.

use std::fs;

use serde_json::Value;

use crate::cli::sandbox::Sandbox;

/// The model with a template as the folder `chatty`.
fn chatty(sandbox: &Sandbox) {
    crate::support::chatty::write(&sandbox.path("chatty"));
}

fn lines(sandbox: &Sandbox, arguments: &[&str]) -> Vec<Value> {
    let ran = sandbox.run(&[&["continue", "chatty", "-n", "2", "--date", "2024-07-04"], arguments].concat());
    ran.assert_done();
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_chat_is_what_its_template_makes_of_it() {
    let sandbox = Sandbox::new();
    chatty(&sandbox);
    let said = ["--chat", "--prompt", "In love?"];
    let [line] = &lines(&sandbox, &said)[..] else { panic!("one line") };
    assert_eq!((&line["prompt"], &line["chat"]["system"]), (&"In love?".into(), &Value::Null));
    assert_eq!(line["chat"]["date"], "2024-07-04");
    assert_eq!(line["chat"]["text"], "<s>04 July 2024\nuser: In love?\nmodel:");
    let ids = line["token_ids"].as_array().unwrap();
    assert!(ids[0] == 0 && ids[1] != 0, "one BOS, the template's");

    let [line] = &lines(&sandbox, &[&said[..], &["--system", "Be brief."]].concat())[..] else { panic!("one line") };
    assert_eq!(line["chat"]["text"], "<s>04 July 2024\nsystem: Be brief.\nuser: In love?\nmodel:");
    assert_eq!(line["chat"]["system"], "Be brief.");

    sandbox.write("prompts.txt", b"A cat.\nA dog.\n");
    let each = lines(&sandbox, &["--chat", "--prompts", "prompts.txt"]);
    let texts: Vec<&str> = each.iter().map(|line| line["chat"]["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["A cat.", "A dog."].map(|text| format!("<s>04 July 2024\nuser: {text}\nmodel:")));
}

#[test]
fn a_session_keeps_the_chat_and_its_day() {
    let sandbox = Sandbox::new();
    chatty(&sandbox);
    let tokens = |arguments: &[&str]| {
        sandbox.run(&[&["weights", "-o", "w.json"], arguments].concat()).assert_done();
        let weights: Value = serde_json::from_slice(&fs::read(sandbox.path("w.json")).unwrap()).unwrap();
        let tokens = weights["tokens"].as_array().unwrap();
        tokens.iter().map(|token| token.as_str().unwrap()).collect::<String>()
    };
    let figure = ["export", "chatty", "-o", "f.svg", "--labels", "none", "--chat", "--prompt", "In love?"];
    sandbox.run(&[&figure[..], &["--system", "Brief.", "--date", "2001-02-03"]].concat()).assert_done();
    let read = |day: &str, system: &str, user: &str| {
        format!("<s>{day}\\nsystem: {system}\\nuser: {user}\\nmodel:").replace(' ', "")
    };
    let given = |arguments: &[&str]| {
        tokens(&[&["f.svg"], arguments].concat()).replace([' ', '\u{120}'], "").replace('\u{10a}', "\\n")
    };
    assert_eq!(given(&[]), read("03 February 2001", "Brief.", "In love?"));
    assert_eq!(given(&["--prompt", "A cat."]), read("03 February 2001", "Brief.", "A cat."));
    assert_eq!(given(&["--system", "Long."]), read("03 February 2001", "Long.", "In love?"));
    assert_eq!(given(&["--date", "2024-07-04"]), read("04 July 2024", "Brief.", "In love?"));
    sandbox.run(&["weights", "f.svg", "-o", "w.json", "--no-bos"]).assert_refused(1, &["--no-bos", "chat"]);
}

#[test]
fn what_has_no_template_or_one_that_fails_says_so() {
    let sandbox = Sandbox::new();
    chatty(&sandbox);
    sandbox.run(&["heads", "bundled:austen", "--chat"]).assert_refused(1, &["no chat template"]);
    sandbox
        .run(&["heads", "chatty", "--chat", "--prompt", "refuse"])
        .assert_refused(1, &["chat_template.jinja, line 3, refuses: Not that"]);
    sandbox.run(&["heads", "chatty", "--prompt", "refuse"]).assert_done();
}

/// Out of the box, without a model of one's own.
#[test]
fn the_model_inside_answers() {
    let sandbox = Sandbox::new();
    let question = "What is the capital of France?";
    let ran = sandbox.run(&["continue", "bundled:smollm2", "--chat", "--prompt", question, "-n", "12"]);
    ran.assert_done();
    let line: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(line["baseline"]["text"], "The capital of France is Paris.<|im_end|>");
    assert_eq!(line["baseline"]["stopped"], "end-of-text");
    assert!(line["chat"]["text"].as_str().unwrap().contains(&format!("<|im_start|>user\n{question}<|im_end|>")));
}
