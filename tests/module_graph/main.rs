//! The modules of `msrp` use each other as ARCHITECTURE.md says, and no other way.
//!
//! Its block ```` ```modules ```` lists the layers from top to bottom, one a line:
//! a module uses modules of lower lines only. A line `circle` names a circle
//! between the children of a module, and the reason for it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, unreachable_pub, missing_docs)]

mod graph;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use graph::{Graph, circles};

/// What the block of ARCHITECTURE.md says.
#[derive(Debug, Default)]
struct Plan {
    /// The line of each top-level module; a higher number is a lower layer.
    layers: BTreeMap<String, usize>,
    /// The circles by their parent.
    circles: BTreeSet<(String, BTreeSet<String>)>,
}

impl Plan {
    fn read(page: &str) -> Self {
        let (_, block) = page.split_once("```modules\n").unwrap();
        let (block, _) = block.split_once("```").unwrap();
        let mut plan = Self::default();
        for (number, line) in block.lines().enumerate() {
            if let Some(circle) = line.strip_prefix("circle ") {
                plan.circle(circle);
            } else {
                let names = line.split_whitespace().map(|name| (name.to_owned(), number));
                plan.layers.extend(names);
            }
        }
        plan
    }

    /// `PARENT: CHILD, CHILD: reason`
    fn circle(&mut self, line: &str) {
        let mut parts = line.splitn(3, ": ");
        let (parent, children) = (parts.next().unwrap(), parts.next().unwrap());
        assert!(parts.next().is_some_and(|reason| !reason.is_empty()), "no reason: {line}");
        let children = children.split(", ").map(str::to_owned).collect();
        self.circles.insert((parent.to_owned(), children));
    }

    /// What is wrong with a crate: uses that do not go down, and modules that
    /// the page does not name or that do not exist.
    fn layer_faults(&self, graph: &Graph) -> Vec<String> {
        let modules = graph.children(&[]);
        let named: BTreeSet<_> = self.layers.keys().cloned().collect();
        let differ = modules.symmetric_difference(&named);
        let mut faults: Vec<_> = differ
            .map(|name| format!("{name} is in only one of src and ARCHITECTURE.md"))
            .collect();
        for ((from, to), edge) in graph.uses(&[]) {
            if self.layers.get(&from) >= self.layers.get(&to) {
                faults.push(format!("{from} uses {to}: {} in {}", edge.path, edge.from.join("::")));
            }
        }
        faults
    }

    /// Circles that the page does not name, or that no longer exist.
    fn circle_faults(&self, graph: &Graph) -> Vec<String> {
        let mut named = self.circles.clone();
        let mut faults = Vec::new();
        for parent in graph.parents() {
            let uses = graph.uses(&parent);
            for circle in circles(uses.keys().map(|(from, to)| (from.as_str(), to.as_str()))) {
                if named.remove(&(parent.join("::"), circle.clone())) {
                    continue;
                }
                faults.push(format!("not in ARCHITECTURE.md: {}: {circle:?}", parent.join("::")));
                let inside = uses
                    .iter()
                    .filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
                faults
                    .extend(inside.map(|((from, _), edge)| format!("  {from} uses {}", edge.path)));
            }
        }
        faults.extend(
            named.iter().map(|(parent, circle)| format!("no circle: {parent}: {circle:?}")),
        );
        faults
    }
}

/// Every file below a folder, by its path there.
fn files(folder: &Path, prefix: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            found.extend(files(&path, &format!("{name}/")));
        } else if name.ends_with(".rs") {
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

fn msrp() -> (Plan, Graph) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = files(&root.join("src"), "");
    let graph = Graph::new(files.iter().map(|(name, source)| (name.as_str(), source.as_str())));
    (Plan::read(&fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap()), graph)
}

#[test]
fn modules_use_lower_layers_only() {
    let (plan, graph) = msrp();
    let faults = plan.layer_faults(&graph);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn circles_within_a_module_are_named() {
    let (plan, graph) = msrp();
    let faults = plan.circle_faults(&graph);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_the_page_does_not_say_is_a_fault() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a/mod.rs", "mod d; mod e; use crate::b::B;"),
        ("a/d.rs", "use super::e::E; pub struct D;"),
        ("a/e.rs", "use super::d::D; pub struct E;"),
        ("b.rs", "pub struct B;"),
        ("c.rs", "pub struct C;"),
    ];
    let faults = |block: &str| {
        let plan = Plan::read(&format!("```modules\n{block}\n```\n"));
        let graph = Graph::new(files);
        (plan.layer_faults(&graph).len(), plan.circle_faults(&graph).is_empty())
    };
    assert_eq!(faults("a c\nb\ncircle a: d, e: they are one"), (0, true));
    assert_eq!(faults("a b c\ncircle a: d, e: they are one"), (1, true));
    assert_eq!(faults("b\na c"), (1, false));
    assert_eq!(faults("a\nb"), (1, false));
}
