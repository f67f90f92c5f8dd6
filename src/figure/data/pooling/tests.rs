use super::*;
use crate::attention;

const NAN: f32 = f32::NAN;
/// A causal pattern of four positions.
const CAUSAL: [&[f32]; 4] = [&[1.0], &[0.75, 0.25], &[0.5, 0.125, 0.375], &[0.625, 0.0, 0.125, 0.25]];

/// Writes a row that begins at key 0.
fn prefix(row: &[f32], buffer: &mut [f32]) -> Range<usize> {
    buffer[..row.len()].copy_from_slice(row);
    0..row.len()
}

/// Pixel rows; masked pixels are missing from their ends.
fn pixels(rows: &[&'static [f32]], window: Window, size: [usize; 2]) -> Vec<Vec<f32>> {
    let pooled = pool(|query, buffer| prefix(rows[query], buffer), rows.len(), window, size, Keep::Largest);
    assert_eq!([pooled.width(), pooled.height()], size);
    (0..size[1]).map(|y| (0..size[0]).map_while(|x| pooled.value(x, y)).collect()).collect()
}

#[test]
fn reduced_takes_the_maximum_of_the_unmasked_cells() {
    // Top right: cells (2, 0), (3, 0), (2, 1) and (3, 1) are masked.
    assert_eq!(pixels(&CAUSAL, Window::whole(4), [2, 2]), [vec![1.0], vec![0.625, 0.375]]);
    assert_eq!(pixels(&CAUSAL, Window::whole(4), [1, 1]), [[1.0]]);
    assert_eq!(pixels(&CAUSAL, Window::whole(4), [4, 1]), [[1.0, 0.25, 0.375, 0.25]]);
}

#[test]
fn reduced_about_a_centre_takes_the_cell_farthest_from_it() {
    const SIGNED: [&[f32]; 4] = [&[0.1], &[-0.6, 0.2], &[-0.1, 0.3, -0.2], &[0.0, 0.25, -0.25, 0.125]];
    let value = |size: [usize; 2], x, y, center| {
        pool(|query, buffer| prefix(SIGNED[query], buffer), 4, Window::whole(4), size, Keep::Farthest(center))
            .value(x, y)
    };
    // The whole in one pixel: -0.6 is farther from 0 than 0.3; seen from -1 it is the nearest.
    assert_eq!((value([1, 1], 0, 0, 0.0), value([1, 1], 0, 0, -1.0)), (Some(-0.6), Some(0.3)));
    assert_eq!([0, 1].map(|x| value([2, 2], x, 1, 0.0)), [Some(0.3), Some(-0.25)]);
    assert_eq!(value([2, 2], 1, 0, 0.0), None, "all masked");
    // Down the columns alone: 0.25 and 0.3; of -0.2 and -0.25 the latter; of equally far ones the larger.
    assert_eq!([0, 1, 2, 3].map(|x| value([4, 1], x, 0, 0.0)), [Some(-0.6), Some(0.3), Some(-0.25), Some(0.125)]);
}

#[test]
fn a_ratio_of_twenty_is_not_hidden_by_a_millionth() {
    const RATIOS: [&[f32]; 1] = [&[20.0, 1e-6, 0.9, 1.1]];
    let window = Window { y1: 1.0, ..Window::whole(4) };
    let pooled = pool(
        |query, buffer| prefix(RATIOS[query], buffer),
        4,
        window,
        [2, 1],
        Keep::of(Quantity::UniformRatio, Pooling::Max),
    );
    assert_eq!((pooled.value(0, 0), pooled.value(1, 0)), (Some(20.0), Some(1.1)));
}

#[test]
fn every_cell_is_in_some_pixel_at_any_reduction() {
    for (n, keep) in [(7, Keep::Largest), (64, Keep::Largest), (301, Keep::Largest), (64, Keep::Farthest(0.0))] {
        for size in [1, 2, 3, 5, 7, 40, 63, 64, 189, 300].into_iter().filter(|&size| size <= n) {
            for hot in 0..n {
                let pooled = pool(
                    |_, buffer| {
                        buffer.fill(0.0);
                        buffer[hot] = 1.0;
                        0..n
                    },
                    n,
                    Window { y1: 1.0, ..Window::whole(n) },
                    [size, 1],
                    keep,
                );
                let shown = (0..size).filter(|&x| pooled.value(x, 0) == Some(1.0)).count();
                assert_eq!(shown, 1, "key {hot} of {n} in {size} pixels");
            }
        }
    }
}

#[test]
fn enlarged_shows_the_cell_that_a_pixel_lies_in() {
    let expected =
        [&[1.0; 3][..], &[1.0; 3], &[0.75, 0.75, 0.75, 0.25, 0.25, 0.25], &[0.75, 0.75, 0.75, 0.25, 0.25, 0.25]];
    assert_eq!(pixels(&CAUSAL[..2], Window::whole(2), [6, 4]), expected);
    assert_eq!(pixels(&CAUSAL, Window::whole(4), [4, 4]), CAUSAL);
    // Pixel centres of three pixels over two cells: 1/3, 1, 5/3.
    let second_row = Window { y0: 1.0, ..Window::whole(2) };
    assert_eq!(pixels(&CAUSAL[..2], second_row, [3, 1]), [[0.75, 0.25, 0.25]]);
}

#[test]
fn a_window_crops() {
    let window = Window { x0: 1.0, y0: 2.0, x1: 3.0, y1: 4.0 };
    assert_eq!(pixels(&CAUSAL, window, [2, 2]), [[0.125, 0.375], [0.0, 0.125]]);
    assert_eq!(pixels(&CAUSAL, window, [1, 1]), [[0.375]]);
    // Half a cell further: centres at 1.75 and 2.25.
    let window = Window { x0: 1.5, x1: 2.5, y0: 3.0, y1: 4.0 };
    assert_eq!(pixels(&CAUSAL, window, [2, 1]), [[0.0, 0.125]]);
}

#[test]
fn masked_needs_all_cells_masked_and_nan_needs_one() {
    const ROWS: [&[f32]; 2] = [&[NAN, 0.5], &[0.75, 0.25]];
    for keep in [Keep::Largest, Keep::Farthest(0.25)] {
        let pooled = pool(|query, buffer| prefix(ROWS[query], buffer), 2, Window::whole(2), [2, 1], keep);
        assert!(pooled.value(0, 0).is_some_and(f32::is_nan));
        assert_eq!(pooled.value(1, 0), Some(0.5));
        let pooled = pool(|query, buffer| prefix(ROWS[query], buffer), 2, Window::whole(2), [1, 1], keep);
        assert!(pooled.value(0, 0).is_some_and(f32::is_nan), "a later number does not hide it");
    }
    let pooled = pool(|query, buffer| prefix(CAUSAL[query], buffer), 4, Window::whole(4), [4, 4], Keep::Largest);
    assert_eq!(pooled.value(1, 0), None);
    assert_eq!((pooled.value(4, 0), pooled.value(0, 4)), (None, None), "outside");
}

/// Row i has the keys i − 2 to i, and each of its cells is 10·i + key.
#[test]
fn rows_of_a_window_begin_where_it_does() {
    const N: usize = 60;
    let keys = |query: usize| query.saturating_sub(2)..query + 1;
    let row = |sign: f32| {
        move |query: usize, buffer: &mut [f32]| {
            buffer.fill(f32::NAN);
            for key in keys(query) {
                buffer[key] = sign * (10 * query + key) as f32;
            }
            keys(query)
        }
    };
    for (sign, keep) in [(1.0, Keep::Largest), (-1.0, Keep::Largest), (-1.0, Keep::Farthest(0.0)), (1.0, Keep::Mean)] {
        for side in [1, 4, 7, 20, 59, 60, 120] {
            let pooled = pool(row(sign), N, Window::whole(N), [side, side], keep);
            let bins = bins(0.0, N as f64, side, N);
            let behind = |pixel: usize| {
                let ends = bins.iter().scan(0, |end, bin| {
                    *end += bin.pixels;
                    Some(*end)
                });
                bins[ends.take_while(|&end| end <= pixel).count()].cells.clone()
            };
            for (x, y) in (0..side).flat_map(|y| (0..side).map(move |x| (x, y))) {
                let cells: Vec<f32> = behind(y)
                    .flat_map(|query| {
                        behind(x).filter(move |key| keys(query).contains(key)).map(move |key| (query, key))
                    })
                    .map(|(query, key)| sign * (10 * query + key) as f32)
                    .collect();
                let expected = match keep {
                    _ if cells.is_empty() => None,
                    Keep::Largest => cells.iter().copied().reduce(f32::max),
                    Keep::Farthest(_) => cells.iter().copied().reduce(|a, b| if b.abs() > a.abs() { b } else { a }),
                    Keep::Mean => Some(cells.iter().sum::<f32>() / cells.len() as f32),
                };
                let found = pooled.value(x, y);
                let is_close = match (found, expected) {
                    (Some(found), Some(expected)) => (found - expected).abs() <= 1e-4 * expected.abs(),
                    (found, expected) => found == expected,
                };
                assert!(is_close, "{keep:?} {side}: {found:?}, not {expected:?} at {x}, {y}");
            }
        }
    }
}

#[test]
fn a_pixel_tells_how_many_cells_are_behind_it() {
    let whole = Window::whole(1000);
    // 1000 cells in 300 pixels: three or four, those whose centres lie within.
    assert_eq!(cells_behind(whole, [300, 250], 1000, [0, 0]), [4, 3]);
    assert_eq!(cells_behind(whole, [300, 250], 1000, [999, 3]), [4, 4]);
    let behind = |key| cells_behind(whole, [300, 1000], 1000, [7, key]);
    let mut all = 0;
    while all < 1000 {
        let [queries, keys] = behind(all);
        assert!(queries == 1 && (3..=4).contains(&keys), "{all}: {keys}");
        all += keys;
    }
    assert_eq!(all, 1000, "every key is behind one pixel");
    let zoomed = Window { x0: 10.0, x1: 60.0, y0: 10.0, y1: 60.0 };
    assert_eq!(cells_behind(zoomed, [200, 200], 1000, [30, 20]), [1, 1]);
}

#[test]
fn each_visible_row_is_asked_for_once() {
    for size in [2, 4, 50] {
        let mut asked = Vec::new();
        pool(
            |query, _| {
                asked.push(query);
                0..8
            },
            8,
            Window { x0: 0.0, y0: 2.0, x1: 8.0, y1: 6.0 },
            [size, size],
            Keep::Largest,
        );
        assert_eq!(asked, [2, 3, 4, 5]);
    }
}

#[test]
fn an_empty_window_or_pattern_is_no_panic() {
    assert_eq!(pixels(&[], Window::whole(0), [0, 0]), Vec::<Vec<f32>>::new());
    assert_eq!(pixels(&CAUSAL, Window::whole(4), [0, 0]), Vec::<Vec<f32>>::new());
    let beyond = Window { x0: -4.0, y0: 3.0, x1: 8.0, y1: 4.0 };
    assert_eq!(pixels(&CAUSAL, beyond, [3, 1]), [[0.625, 0.625, 0.25]]);
}

#[test]
fn holes_are_masked_where_all_cells_behind_a_pixel_are() {
    // A triangle of six positions without key 1 for anyone, and without key 4 for query 5.
    let mask = Mask::CAUSAL.without([1, 2, 3, 4, 5].map(|query| attention::Cell { query, key: 1 }));
    let mask = mask.without([attention::Cell { query: 5, key: 4 }]);
    let row = |query: usize, buffer: &mut [f32]| {
        let keys = mask.keys(query, 6);
        keys.span().for_each(|key| buffer[key] = 10.0 * query as f32 + key as f32);
        // What stands in a hole means nothing.
        keys.holes().iter().for_each(|&hole| buffer[hole] = NAN);
        keys
    };
    let whole = pool(row, 6, Window::whole(6), [6, 6], Keep::Largest);
    for (x, y) in (0..6).flat_map(|x| (0..6).map(move |y| (x, y))) {
        let is_masked = x > y || (x == 1 && y > 0) || (x == 4 && y == 5);
        let expected = (!is_masked).then_some(10.0 * y as f32 + x as f32);
        assert_eq!(whole.value(x, y), expected, "{x} {y}");
    }
    // Three by three: no pixel is masked but those above the diagonal.
    let value = |keep, x, y| pool(row, 6, Window::whole(6), [3, 3], keep).value(x, y);
    assert_eq!([0, 1, 2].map(|x| value(Keep::Largest, x, 2)), [Some(50.0), Some(53.0), Some(55.0)]);
    assert_eq!(value(Keep::Mean, 0, 2), Some(45.0), "of keys 0 in rows 4 and 5");
    assert_eq!(value(Keep::Mean, 2, 2), Some(49.5));
    assert_eq!(value(Keep::Farthest(51.0), 2, 2), Some(44.0));
    // Rows merged alone: the column of key 1 is masked from top to bottom.
    let merged = pool(row, 6, Window::whole(6), [6, 3], Keep::Largest);
    assert_eq!([0, 1, 2].map(|y| merged.value(1, y)), [None; 3]);
    assert_eq!(merged.rows().nth(2).unwrap().holes, [1]);
}
