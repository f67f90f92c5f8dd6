//! One order for the objects of a PDF. The converter keeps fonts and resources in hash maps, which another run lists in
//! another order: without this the same figure would be other bytes each time.

use std::collections::BTreeMap;

/// Written in front of an object's content and behind it.
const BEGIN: &[u8] = b" 0 obj\n";
const END: &[u8] = b"\nendobj";
const LENGTH: &[u8] = b"/Length ";
const STREAM: &[u8] = b"stream\n";

/// An object as it was written: its dictionary, and from `stream` on what is not ours to read.
struct Object<'a> {
    text: Vec<u8>,
    stream: &'a [u8],
}

/// The same document with its objects in the order in which they are referred to, and resources sorted by name; `None`
/// where it is not written as `pdf-writer` writes.
pub(super) fn ordered(pdf: &[u8]) -> Option<Vec<u8>> {
    let (mut objects, mut at) = (BTreeMap::new(), find(pdf, b"1 0 obj\n")?);
    let head = &pdf[..at];
    while !pdf[at..].starts_with(b"xref\n") {
        let (number, object, end) = object(pdf, at)?;
        objects.insert(number, object);
        at = end;
    }
    let trailer = &pdf[at + find(&pdf[at..], b"trailer\n")?..];
    let trailer = sorted(&trailer[..find(trailer, b"startxref")?]);

    let mut order: Vec<u32> = Vec::new();
    let mut next: Vec<u32> = references(&trailer).into_iter().rev().map(|(_, number)| number).collect();
    while let Some(number) = next.pop() {
        if !order.contains(&number) {
            order.push(number);
            next.extend(references(&objects.get(&number)?.text).into_iter().rev().map(|(_, number)| number));
        }
    }
    let numbers: BTreeMap<u32, usize> = order.iter().zip(1..).map(|(&old, new)| (old, new)).collect();

    let (mut file, mut places) = (head.to_vec(), Vec::new());
    for (index, number) in order.iter().enumerate() {
        let object = &objects[number];
        places.push(file.len());
        file.extend((index + 1).to_string().bytes());
        file.extend(BEGIN);
        file.extend(renumbered(&object.text, &numbers)?);
        file.extend(object.stream);
        file.extend(b"\n\n");
    }
    let table = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f\r\n", places.len() + 1).bytes());
    for place in &places {
        file.extend(format!("{place:010} 00000 n\r\n").bytes());
    }
    let size = format!("/Size {}", places.len() + 1);
    let trailer = String::from_utf8(renumbered(&trailer, &numbers)?).ok()?;
    let lines = trailer.lines().map(|line| if line.trim_start().starts_with("/Size ") { &size } else { line });
    file.extend(lines.flat_map(|line| line.bytes().chain(*b"\n")));
    file.extend(format!("startxref\n{table}\n%%EOF").bytes());
    Some(file)
}

/// The object at `at`, its number, and where the next one begins.
fn object(pdf: &[u8], at: usize) -> Option<(u32, Object<'_>, usize)> {
    let begin = at + find(&pdf[at..], BEGIN)?;
    let number = std::str::from_utf8(&pdf[at..begin]).ok()?.trim().parse().ok()?;
    let begin = begin + BEGIN.len();
    let plain_end = begin + find(&pdf[begin..], END)?;
    // A stream's content may hold anything, its end as well.
    let stream = find(&pdf[begin..plain_end], b"\nstream\n").map(|place| begin + place + 1);
    let (text_end, end) = match stream {
        None => (plain_end, plain_end),
        Some(stream) => {
            let text = &pdf[begin..stream];
            let digits = &text[find(text, LENGTH)? + LENGTH.len()..];
            let digits = &digits[..digits.iter().position(|byte| !byte.is_ascii_digit())?];
            let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
            let content = stream + STREAM.len() + length;
            (stream, content + find(pdf.get(content..)?, END)?)
        }
    };
    let end = end + END.len();
    let next = end + pdf[end..].iter().position(|byte| !byte.is_ascii_whitespace())?;
    Some((number, Object { text: sorted(&pdf[begin..text_end]), stream: &pdf[text_end..end] }, next))
}

/// With runs of lines that name a resource, such as `/xo1 8 0 R`, sorted.
fn sorted(text: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let is_resource = |line: &&[u8]| {
        let line = line.trim_ascii();
        let name = line.strip_prefix(b"/").unwrap_or_default();
        name.first().is_some_and(u8::is_ascii_lowercase) && !references(line).is_empty()
    };
    for run in lines.chunk_by_mut(|a, b| is_resource(a) && is_resource(b)) {
        // `xo10` behind `xo9`.
        run.sort_by_key(|line| (line.len(), *line));
    }
    lines.concat()
}

/// Where `7 0 R` stands in a dictionary, and that number.
fn references(text: &[u8]) -> Vec<(usize, u32)> {
    let mut found = Vec::new();
    for (end, _) in text.windows(4).enumerate().filter(|(_, window)| *window == b" 0 R") {
        let start = text[..end].iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |place| place + 1);
        if let Some(number) = std::str::from_utf8(&text[start..end]).ok().and_then(|digits| digits.parse().ok()) {
            found.push((start, number));
        }
    }
    found
}

fn renumbered(text: &[u8], numbers: &BTreeMap<u32, usize>) -> Option<Vec<u8>> {
    let (mut result, mut at) = (Vec::with_capacity(text.len()), 0);
    for (start, number) in references(text) {
        result.extend(&text[at..start]);
        result.extend(numbers.get(&number)?.to_string().bytes());
        at = start + number.to_string().len();
    }
    result.extend(&text[at..]);
    Some(result)
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use pdf_writer::{Finish, Name, Pdf, Ref};

    use super::*;

    /// A document with two resources, whose objects are numbered and listed as `order` says.
    fn document(order: [i32; 2]) -> Vec<u8> {
        let [first, second] = order.map(Ref::new);
        let mut pdf = Pdf::new();
        pdf.catalog(Ref::new(1)).pages(Ref::new(2));
        pdf.pages(Ref::new(2)).kids([Ref::new(3)]).count(1);
        let mut page = pdf.page(Ref::new(3));
        page.parent(Ref::new(2)).contents(Ref::new(9));
        let mut resources = page.resources();
        let mut objects = resources.x_objects();
        let mut pairs = [(Name(b"xo2"), first), (Name(b"xo10"), second)];
        if order[0] > order[1] {
            pairs.reverse();
        }
        for (name, reference) in pairs {
            objects.pair(name, reference);
        }
        objects.finish();
        resources.finish();
        page.finish();
        pdf.stream(Ref::new(9), b"/xo2 Do\nendstream\nendobj 5 0 R\n");
        let mut streams = [(first, b"first"), (second, b"other")];
        if order[0] > order[1] {
            streams.reverse();
        }
        for (reference, content) in streams {
            pdf.stream(reference, content);
        }
        pdf.finish()
    }

    #[test]
    fn every_order_becomes_one() {
        let (one, other) = (document([5, 6]), document([6, 5]));
        assert_ne!(one, other);
        let ordered = [ordered(&one).unwrap(), ordered(&other).unwrap()];
        assert!(ordered[0] == ordered[1]);
        let text = String::from_utf8_lossy(&ordered[0]).into_owned();
        assert!(find(text.as_bytes(), b"/xo2 ").unwrap() < find(text.as_bytes(), b"/xo10 ").unwrap());
        assert!(text.contains("/xo2 Do\nendstream\nendobj 5 0 R\n"), "a stream is left alone");
    }

    #[test]
    fn the_table_says_where_the_objects_are() {
        let file = ordered(&document([6, 5])).unwrap();
        let from = |place: usize| String::from_utf8_lossy(&file[place..]).into_owned();
        let table: usize = from(0).lines().rev().nth(1).unwrap().parse().unwrap();
        assert!(from(table).starts_with("xref\n0 7\n"));
        for (index, line) in from(table).lines().skip(3).take(6).enumerate() {
            let place: usize = line[..10].parse().unwrap();
            assert!(from(place).starts_with(&format!("{} 0 obj", index + 1)), "{line}");
        }
        assert!(from(table).contains("/Size 7\n"));
    }

    #[test]
    fn what_is_written_otherwise_is_none() {
        for bytes in [&b""[..], b"%PDF-1.7\n", b"1 0 obj\n", b"1 0 obj\n<<\n  /Length 99\n>>\nstream\n\nendobj\n"] {
            assert!(ordered(bytes).is_none());
        }
    }
}
