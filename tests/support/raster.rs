//! Pictures of a window without a screen: egui's triangles, drawn on the processor. That needs no graphics adapter, and
//! gives the same pixels on every machine, which no driver promises.

use std::{cell::RefCell, collections::HashMap, ops::Range, rc::Rc};

use egui::{
    ClippedPrimitive, Color32, ColorImage, Context, FullOutput, ImageData, Mesh, Rect, TextureFilter, TextureId,
    TextureOptions, TexturesDelta,
    epaint::{Primitive, Vertex},
};
use egui_kittest::TestRenderer;

/// Opaque pixels, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub width: usize,
    pub pixels: Vec<[u8; 3]>,
}

impl Picture {
    pub fn height(&self) -> usize {
        self.pixels.len() / self.width
    }

    /// The part of it within `rect`, which is in pixels.
    pub fn part(&self, rect: Rect) -> Self {
        let columns = whole_pixels(rect.left(), rect.right(), self.width);
        let rows = whole_pixels(rect.top(), rect.bottom(), self.height());
        let pixels = rows.flat_map(|y| &self.pixels[y * self.width..][columns.clone()]).copied().collect();
        Self { width: columns.len(), pixels }
    }

    /// Paints `rect` grey, over what is never the same.
    pub fn cover(&mut self, rect: Rect) {
        let columns = whole_pixels(rect.left(), rect.right(), self.width);
        for y in whole_pixels(rect.top(), rect.bottom(), self.height()) {
            self.pixels[y * self.width..][columns.clone()].fill([128; 3]);
        }
    }
}

/// Whole pixels from `low` to `high`, within a length.
fn whole_pixels(low: f32, high: f32, length: usize) -> Range<usize> {
    low.round().max(0.0) as usize..length.min(high.round() as usize)
}

/// The textures of a window. Given to its harness, they follow it; its clones are the same textures.
#[derive(Clone, Default)]
pub struct Textures(Rc<RefCell<HashMap<TextureId, Texture>>>);

impl TestRenderer for Textures {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        let mut textures = self.0.borrow_mut();
        for (id, changes) in delta.set.drain() {
            for change in changes {
                let ImageData::Color(image) = change.image;
                if let Some(corner) = change.pos {
                    textures.get_mut(&id).unwrap().replace(corner, &image);
                } else {
                    let texture = Texture { image: ColorImage::clone(&image), options: change.options };
                    textures.insert(id, texture);
                }
            }
        }
        for id in delta.free.drain() {
            textures.remove(&id);
        }
    }
}

impl Textures {
    /// What `output` looks like. Paint callbacks are for graphics adapters and cannot be drawn.
    pub fn picture(&self, ctx: &Context, output: &FullOutput) -> Picture {
        let (scale, textures) = (ctx.pixels_per_point(), self.0.borrow());
        let [width, height] = (ctx.content_rect().size() * scale).round().into();
        let mut picture = Picture { width: width as usize, pixels: vec![[0; 3]; width as usize * height as usize] };
        for ClippedPrimitive { clip_rect, primitive } in ctx.tessellate(output.shapes.clone(), scale) {
            let Primitive::Mesh(mesh) = primitive else { panic!("a paint callback") };
            draw_mesh(&mut picture, &mesh, &textures[&mesh.texture_id], clip_rect * scale, scale);
        }
        picture
    }
}

struct Texture {
    image: ColorImage,
    options: TextureOptions,
}

impl Texture {
    fn replace(&mut self, [left, top]: [usize; 2], part: &ColorImage) {
        let width = self.image.width();
        for (y, row) in part.pixels.chunks_exact(part.width()).enumerate() {
            let start = (top + y) * width + left;
            self.image.pixels[start..start + row.len()].copy_from_slice(row);
        }
    }

    /// The colour at `u`, `v`, both 0 to 1 across the texture. Beyond its edge lies more of the edge.
    fn sample(&self, [u, v]: [f64; 2]) -> [f64; 4] {
        let [width, height] = self.image.size.map(|length| length as f64);
        let texel = |x: f64, y: f64| {
            let (x, y) = (x.clamp(0.0, width - 1.0), y.clamp(0.0, height - 1.0));
            channels(self.image.pixels[y as usize * self.image.width() + x as usize])
        };
        let (x, y) = (u * width, v * height);
        if self.options.magnification == TextureFilter::Nearest {
            return texel(x.floor(), y.floor());
        }
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let row = |y: f64| mix(texel(left, y), texel(left + 1.0, y), x - left);
        mix(row(top), row(top + 1.0), y - top)
    }
}

fn mix(a: [f64; 4], b: [f64; 4], t: f64) -> [f64; 4] {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t, a[3] + (b[3] - a[3]) * t]
}

fn draw_mesh(picture: &mut Picture, mesh: &Mesh, texture: &Texture, clip: Rect, scale: f32) {
    let columns = whole_pixels(clip.left(), clip.right(), picture.width);
    let rows = whole_pixels(clip.top(), clip.bottom(), picture.height());
    for indices in mesh.indices.as_chunks::<3>().0 {
        let vertices = indices.map(|index| mesh.vertices[index as usize]);
        let Some(triangle) = Triangle::new(vertices, scale) else { continue };
        let flat = triangle.flat().map(|(color, place)| multiply(color, texture.sample(place)));
        for y in triangle.span(1, &rows) {
            // What it covers of a row has no gap.
            let columns = triangle.span(0, &columns);
            let Some(first) = columns.clone().find(|&x| triangle.covers(x, y)) else { continue };
            let last = columns.rev().find(|&x| triangle.covers(x, y)).unwrap_or(first);
            for x in first..=last {
                let color = flat.unwrap_or_else(|| {
                    let (color, place) = triangle.at(x, y);
                    multiply(color, texture.sample(place))
                });
                blend(&mut picture.pixels[y * picture.width + x], color);
            }
        }
    }
}

/// In gamma space, as egui's shaders do it.
fn multiply(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    [a[0] * b[0], a[1] * b[1], a[2] * b[2], a[3] * b[3]]
}

/// A colour with premultiplied alpha over what is there.
fn blend(below: &mut [u8; 3], [red, green, blue, alpha]: [f64; 4]) {
    let over = |above: f64, below: u8| (255.0 * above + f64::from(below) * (1.0 - alpha)).round() as u8;
    *below = [over(red, below[0]), over(green, below[1]), over(blue, below[2])];
}

/// Corners in pixels, in the order that makes the area positive.
struct Triangle {
    corners: [[f64; 2]; 3],
    colors: [[f64; 4]; 3],
    places: [[f64; 2]; 3],
    area: f64,
}

impl Triangle {
    /// `None` where it covers nothing.
    fn new(mut vertices: [Vertex; 3], scale: f32) -> Option<Self> {
        let corner = |vertex: Vertex| [vertex.pos.x, vertex.pos.y].map(|length| f64::from(length) * f64::from(scale));
        if edge(vertices.map(corner)) < 0.0 {
            vertices.swap(1, 2);
        }
        let corners = vertices.map(corner);
        let area = edge(corners);
        (area > 0.0).then(|| Self {
            corners,
            colors: vertices.map(|vertex| channels(vertex.color)),
            places: vertices.map(|vertex| [vertex.uv.x, vertex.uv.y].map(f64::from)),
            area,
        })
    }

    /// Colour and place in the texture where they are the same everywhere.
    fn flat(&self) -> Option<([f64; 4], [f64; 2])> {
        let is_flat = self.colors == [self.colors[0]; 3] && self.places == [self.places[0]; 3];
        is_flat.then_some((self.colors[0], self.places[0]))
    }

    /// The rows (axis 1) or columns (axis 0) that it may touch.
    fn span(&self, axis: usize, clip: &Range<usize>) -> Range<usize> {
        let [a, b, c] = self.corners.map(|corner| corner[axis]);
        let (low, high) = (a.min(b).min(c).floor().max(0.0) as usize, a.max(b).max(c).ceil().max(0.0) as usize);
        clip.start.max(low)..clip.end.min(high)
    }

    /// Whether the centre of a pixel is inside. One on an edge that two triangles share belongs to one of them.
    fn covers(&self, x: usize, y: usize) -> bool {
        let [a, b, c] = self.corners;
        [[a, b], [b, c], [c, a]].into_iter().all(|[from, to]| {
            let distance = edge([from, to, centre(x, y)]);
            let is_owner = to[1] < from[1] || to[1] == from[1] && to[0] > from[0];
            distance > 0.0 || distance == 0.0 && is_owner
        })
    }

    /// Colour and place in the texture at the centre of a pixel.
    fn at(&self, x: usize, y: usize) -> ([f64; 4], [f64; 2]) {
        let ([a, b, c], pixel) = (self.corners, centre(x, y));
        let (b_part, c_part) = (edge([c, a, pixel]) / self.area, edge([a, b, pixel]) / self.area);
        let mix = |a: f64, b: f64, c: f64| a + (b - a) * b_part + (c - a) * c_part;
        let ([a, b, c], [p, q, r]) = (self.colors, self.places);
        let color = [mix(a[0], b[0], c[0]), mix(a[1], b[1], c[1]), mix(a[2], b[2], c[2]), mix(a[3], b[3], c[3])];
        (color, [mix(p[0], q[0], r[0]), mix(p[1], q[1], r[1])])
    }
}

fn centre(x: usize, y: usize) -> [f64; 2] {
    [x as f64 + 0.5, y as f64 + 0.5]
}

/// Twice the signed area of a triangle. Exact in f64 for the f32 positions of egui, so that both sides of a shared
/// edge agree about it.
fn edge([a, b, c]: [[f64; 2]; 3]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Premultiplied red, green, blue and alpha, 0 to 1.
fn channels(color: Color32) -> [f64; 4] {
    color.to_array().map(|channel| f64::from(channel) / 255.0)
}

mod tests {
    use egui::{Pos2, pos2};

    use super::*;

    fn texture(size: [usize; 2], pixels: &[u8], options: TextureOptions) -> Texture {
        let pixels = pixels.iter().map(|&grey| Color32::from_gray(grey)).collect();
        Texture { image: ColorImage::new(size, pixels), options }
    }

    /// On eight by eight black pixels.
    fn drawn(mesh: &Mesh, texture: &Texture, clip: Rect) -> Picture {
        let mut picture = Picture { width: 8, pixels: vec![[0; 3]; 64] };
        draw_mesh(&mut picture, mesh, texture, clip, 1.0);
        picture
    }

    #[test]
    fn a_translucent_rectangle_covers_each_of_its_pixels_once() {
        let mut mesh = Mesh::default();
        let shape = Rect::from_min_max(pos2(1.0, 2.0), pos2(6.0, 7.0));
        mesh.add_colored_rect(shape, Color32::from_rgba_premultiplied(100, 0, 0, 100));
        let picture = drawn(&mesh, &texture([1, 1], &[255], TextureOptions::LINEAR), Rect::EVERYTHING);
        for (at, pixel) in picture.pixels.iter().enumerate() {
            let is_inside = (1..6).contains(&(at % 8)) && (2..7).contains(&(at / 8));
            assert_eq!(*pixel, if is_inside { [100, 0, 0] } else { [0; 3] }, "{at}");
        }
    }

    #[test]
    fn drawing_stays_in_the_clip_rectangle() {
        let mut mesh = Mesh::default();
        mesh.add_colored_rect(Rect::from_min_max(pos2(-3.0, -3.0), pos2(20.0, 20.0)), Color32::WHITE);
        let clip = Rect::from_min_max(pos2(2.0, 3.0), pos2(4.0, 5.0));
        let picture = drawn(&mesh, &texture([1, 1], &[255], TextureOptions::LINEAR), clip);
        assert_eq!(picture.pixels.iter().filter(|&&pixel| pixel == [255; 3]).count(), 4);
        assert_eq!(picture.part(clip).pixels, [[255; 3]; 4]);
    }

    #[test]
    fn textures_are_sampled_as_their_options_say() {
        let mut mesh = Mesh::default();
        let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
        mesh.add_rect_with_uv(Rect::from_min_max(Pos2::ZERO, pos2(8.0, 8.0)), whole, Color32::WHITE);
        let row = |options| {
            let picture = drawn(&mesh, &texture([2, 1], &[0, 200], options), Rect::EVERYTHING);
            [0, 3, 4, 7].map(|x| picture.pixels[5 * 8 + x][0])
        };
        assert_eq!(row(TextureOptions::NEAREST), [0, 0, 200, 200]);
        assert_eq!(row(TextureOptions::LINEAR), [0, 75, 125, 200]);
    }
}
