//! Colored graphs: DIMACS (`p edge n m`, `n VERTEX COLOR`, `e U V`) or JSON (`{"colors": […], "edges": […]}`).
//!
//! Colors are integers. The number of colors is that of the different ones in the file, unless the
//! caller asks for more: then some have no vertex. Edges inside a color are ignored.

use std::path::Path;

use foldline_kernel::ColoredGraph;
use serde_json::{Value, json};

use crate::error::FormatError;
use crate::input::{display_name, read_text};
use crate::json_text::{Json, parse_json};
use crate::sexpr::excerpt;

/// The most vertices a graph may have.
pub const MOST_VERTICES: usize = 1_000_000;

/// A graph as its file tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphFile {
    /// The graph; its classes are the file's colors in increasing order, then those without vertex.
    pub graph: ColoredGraph,
    /// The number by which the file calls vertex 0: 1 in DIMACS, 0 in JSON.
    pub first_vertex: usize,
}

/// Reads the graph in the file at `path` (`-`: standard input), gzipped or not; `colors` as in
/// [`parse_graph`].
pub fn read_graph(path: &Path, colors: Option<usize>) -> Result<GraphFile, FormatError> {
    parse_graph(&display_name(path), &read_text(path)?, colors)
}

/// Reads the graph in `text`, which messages call `name`.
///
/// It is JSON if its first character is `{` or `name` ends in `.json`, otherwise DIMACS. `colors`
/// is how many colors there are, if more than the file uses.
pub fn parse_graph(
    name: &str,
    text: &str,
    colors: Option<usize>,
) -> Result<GraphFile, FormatError> {
    let is_json = name.ends_with(".json") || name.ends_with(".json.gz");
    let parsed = if is_json || text.trim_start().starts_with('{') {
        json_graph(&parse_json(name, text)?)
    } else {
        dimacs_graph(text)
    };
    let parsed = parsed.and_then(|lists| lists.finish(colors));
    parsed.map_err(|(place, message)| FormatError::new(name, place, message))
}

/// The graph as the JSON object that is read here, classes as colors, vertices from 0.
pub fn graph_to_json(graph: &ColoredGraph) -> Value {
    let colors: Vec<usize> = (0..graph.vertices()).map(|vertex| graph.class(vertex)).collect();
    json!({"colors": colors, "edges": graph.edges()})
}

/// A place in the file, and what is wrong there.
type Fault = (String, String);

fn fault<T>(place: impl Into<String>, message: impl Into<String>) -> Result<T, Fault> {
    Err((place.into(), message.into()))
}

/// What both formats are read to.
struct Lists {
    colors: Vec<i64>,
    edges: Vec<(usize, usize)>,
    first_vertex: usize,
}

impl Lists {
    fn finish(self, asked: Option<usize>) -> Result<GraphFile, Fault> {
        let mut used = self.colors.clone();
        used.sort_unstable();
        used.dedup();
        let classes = asked.unwrap_or(used.len());
        if classes < used.len() {
            let message = format!("has {} colors, but {classes} were asked for", used.len());
            return fault("", message);
        }
        if classes == 0 {
            return fault("", "has no vertices, so nothing says how many colors there are");
        }
        let class = |color: &i64| used.binary_search(color).expect("one of the colors");
        let class = self.colors.iter().map(class).collect();
        let graph = ColoredGraph::new(classes, class, &self.edges);
        Ok(GraphFile { graph, first_vertex: self.first_vertex })
    }
}

/// A DIMACS file on the way.
#[derive(Default)]
struct Dimacs {
    /// n and m of the problem line.
    sizes: Option<(usize, usize)>,
    colors: Vec<Option<i64>>,
    edges: Vec<(usize, usize)>,
}

fn dimacs_graph(text: &str) -> Result<Lists, Fault> {
    let mut file = Dimacs::default();
    for (index, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        file.line(&fields).map_err(|message| (format!("line {}", index + 1), message))?;
    }
    let Some((_, announced)) = file.sizes else {
        return fault("", "expected a line `p edge VERTICES EDGES`, found none");
    };
    if let Some(vertex) = file.colors.iter().position(Option::is_none) {
        let message = format!("vertex {0} has no color: expected a line `n {0} COLOR`", vertex + 1);
        return fault("", message);
    }
    // Some writers count both directions of an edge, or list them but count one.
    let mut distinct: Vec<_> = file.edges.iter().map(|&(u, v)| (u.min(v), u.max(v))).collect();
    distinct.sort_unstable();
    distinct.dedup();
    if announced != file.edges.len() && announced != distinct.len() {
        let found = file.edges.len();
        return fault("", format!("the line `p` announces {announced} edges, found {found}"));
    }
    let colors = file.colors.into_iter().flatten().collect();
    Ok(Lists { colors, edges: file.edges, first_vertex: 1 })
}

impl Dimacs {
    fn line(&mut self, fields: &[&str]) -> Result<(), String> {
        match fields {
            [] | ["c", ..] => Ok(()),
            ["p", "edge" | "col", vertices, edges] => {
                let size = |text| whole_number(text, "a number of vertices and one of edges");
                let sizes = (size(vertices)?, size(edges)?);
                if sizes.0 > MOST_VERTICES {
                    return Err(format!("more than {MOST_VERTICES} vertices"));
                }
                self.colors = vec![None; sizes.0];
                match self.sizes.replace(sizes) {
                    None => Ok(()),
                    Some(_) => Err("a second line `p`".to_owned()),
                }
            }
            ["n", vertex, color] => {
                let vertex = self.vertex(vertex)?;
                let value: i64 = color
                    .parse()
                    .map_err(|_| format!("expected a whole number, found {}", excerpt(color)))?;
                match self.colors[vertex].replace(value) {
                    None => Ok(()),
                    Some(_) => Err(format!("vertex {} has a color already", vertex + 1)),
                }
            }
            ["e", u, v] => {
                let edge = (self.vertex(u)?, self.vertex(v)?);
                self.edges.push(edge);
                Ok(())
            }
            _ => Err(format!(
                "expected `p edge VERTICES EDGES`, `n VERTEX COLOR`, `e VERTEX VERTEX` or a comment `c`, \
                 found {}",
                excerpt(&fields.join(" "))
            )),
        }
    }

    /// A vertex by its number in the file, from 1.
    fn vertex(&self, text: &str) -> Result<usize, String> {
        let Some((vertices, _)) = self.sizes else {
            return Err("expected the line `p edge VERTICES EDGES` first".to_owned());
        };
        let number = whole_number(text, "a vertex")?;
        if number == 0 || number > vertices {
            return Err(format!("expected a vertex from 1 to {vertices}, found {number}"));
        }
        Ok(number - 1)
    }
}

fn whole_number(text: &str, what: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("expected {what}, found {}", excerpt(text)))
}

fn json_graph(tree: &Json) -> Result<Lists, Fault> {
    let expected = r#"expected {"colors": …, "edges": …}"#;
    let Json::Object(entries) = tree else {
        return fault("", format!("{expected}, found {}", tree.kind()));
    };
    let [mut colors, mut edges] = [None; 2];
    for (key, value) in entries {
        let slot = match key.as_str() {
            "colors" => &mut colors,
            "edges" => &mut edges,
            _ => return fault("", format!("unknown key {key:?}, {expected}")),
        };
        if slot.replace(value).is_some() {
            return fault(key, "this key stands twice");
        }
    }
    let (Some(colors), Some(edges)) = (colors, edges) else { return fault("", expected) };
    let colors = list(colors, "colors")?;
    if colors.len() > MOST_VERTICES {
        return fault("colors", format!("more than {MOST_VERTICES} vertices"));
    }
    let colors = colors.iter().enumerate().map(|(index, color)| {
        integer(color, &format!("colors[{index}]"), "a color, a whole number")
    });
    let colors = colors.collect::<Result<Vec<i64>, Fault>>()?;
    let edges = list(edges, "edges")?.iter().enumerate();
    let edges = edges.map(|(index, edge)| json_edge(edge, index, colors.len()));
    let edges = edges.collect::<Result<_, Fault>>()?;
    Ok(Lists { colors, edges, first_vertex: 0 })
}

fn json_edge(edge: &Json, index: usize, vertices: usize) -> Result<(usize, usize), Fault> {
    let place = format!("edges[{index}]");
    let [u, v] = list(edge, &place)? else {
        return fault(place, "expected two vertices");
    };
    let vertex = |value: &Json, end: usize| {
        let place = format!("{place}[{end}]");
        let number = integer(value, &place, "a vertex")?;
        match usize::try_from(number) {
            Ok(number) if number < vertices => Ok(number),
            _ => fault(place, format!("there is no vertex {number}: there are {vertices}, from 0")),
        }
    };
    Ok((vertex(u, 0)?, vertex(v, 1)?))
}

fn list<'a, 't>(value: &'a Json<'t>, place: &str) -> Result<&'a [Json<'t>], Fault> {
    match value {
        Json::Array(items) => Ok(items),
        other => fault(place, format!("expected a list, found {}", other.kind())),
    }
}

fn integer(value: &Json, place: &str, what: &str) -> Result<i64, Fault> {
    match value {
        Json::Number(token) => {
            token.parse().or_else(|_| fault(place, format!("expected {what}, found {token}")))
        }
        other => fault(place, format!("expected {what}, found {}", other.kind())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIANGLE: &str = "c a triangle\np edge 4 4\n\nn 1 7\nn 2 -1\nn 3 7\nn 4 9\n\
                            e 1 2\ne 2 4\ne 4 1\ne 1 3\n";

    #[test]
    fn both_formats_say_the_same() {
        let dimacs = parse_graph("g.col", TRIANGLE, None).unwrap();
        let text = r#"{"colors": [7, -1, 7, 9], "edges": [[0, 1], [1, 3], [3, 0], [2, 2]]}"#;
        let json = parse_graph("standard input", text, None).unwrap();
        assert_eq!((dimacs.first_vertex, json.first_vertex), (1, 0));
        assert_eq!(dimacs.graph, json.graph);
        assert_eq!((json.graph.classes(), json.graph.vertices()), (3, 4));
        assert_eq!((json.graph.class(0), json.graph.class(1)), (1, 0));
        assert_eq!(json.graph.edges(), [(0, 3), (1, 0), (1, 3)]);
        let again = parse_graph("g.json", &graph_to_json(&json.graph).to_string(), None).unwrap();
        assert_eq!(again.graph, json.graph);
    }

    #[test]
    fn colors_may_have_no_vertex() {
        let text = r#"{"colors": [1], "edges": []}"#;
        assert_eq!(parse_graph("g.json", text, None).unwrap().graph.classes(), 1);
        assert_eq!(parse_graph("g.json", text, Some(2)).unwrap().graph.classes(), 2);
        let none = parse_graph("g", "p edge 0 0", Some(3)).unwrap().graph;
        assert_eq!((none.classes(), none.vertices()), (3, 0));
    }

    #[test]
    fn edges_may_be_listed_in_both_directions() {
        for announced in ["1", "2"] {
            let text = format!("p col 2 {announced}\nn 1 1\nn 2 2\ne 1 2\ne 2 1\n");
            assert_eq!(parse_graph("g", &text, None).unwrap().graph.edges(), [(0, 1)]);
        }
    }

    #[test]
    fn bad_input_is_located() {
        for (text, place, message) in [
            ("", "", "`p edge VERTICES EDGES`, found none"),
            ("p edge 2\n", "line 1", "expected `p edge"),
            ("p edge two 1\n", "line 1", "a number of vertices"),
            ("p edge 2000000 0\n", "line 1", "more than"),
            ("p edge 1 0\np edge 1 0\n", "line 2", "a second"),
            ("n 1 1\n", "line 1", "first"),
            ("p edge 1 0\n", "", "vertex 1 has no color"),
            ("p edge 1 0\nn 1 red\n", "line 2", "a whole number, found `red`"),
            ("p edge 1 0\nn 1 1\nn 1 2\n", "line 3", "already"),
            ("p edge 1 0\nn 2 1\n", "line 2", "from 1 to 1, found 2"),
            ("p edge 2 1\nn 1 1\nn 2 2\ne 1 0\n", "line 4", "from 1 to 2, found 0"),
            ("p edge 2 2\nn 1 1\nn 2 2\ne 1 2\n", "", "announces 2 edges, found 1"),
            ("p edge 0 0\n", "", "has no vertices"),
            ("x\n", "line 1", "expected `p edge"),
            ("{", "line 1, column 2", "a key"),
            (r#"{"colors": []}"#, "", "expected {"),
            (r#"{"colors": [], "edges": []}"#, "", "has no vertices"),
            (r#"{"colors": [1.5], "edges": []}"#, "colors[0]", "a color"),
            (r#"{"colors": ["a"], "edges": []}"#, "colors[0]", "a string"),
            (r#"{"colors": [1], "edges": [[0]]}"#, "edges[0]", "two vertices"),
            (r#"{"colors": [1], "edges": [[0, 1]]}"#, "edges[0][1]", "no vertex 1"),
            (r#"{"colors": [1], "edges": [[-1, 0]]}"#, "edges[0][0]", "no vertex -1"),
            (r#"{"colors": [1], "edges": [], "k": 2}"#, "", "unknown key"),
        ] {
            let error = parse_graph("g", text, None).unwrap_err();
            assert_eq!(error.place, place, "{text:?}: {error}");
            assert!(error.message.contains(message), "{text:?}: {error}");
        }
        assert!(parse_graph("g", TRIANGLE, Some(2)).unwrap_err().message.contains("3 colors"));
    }
}
