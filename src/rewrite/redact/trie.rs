//! The values as a tree of bytes, letter case and `+` folded away.
//!
//! Folding makes one tree do for every spelling; whether the letters' case was right is asked of a
//! [`Pattern`] at the end. It never holds what was not added, and never prints what was.

use super::pattern::Pattern;

/// A place in the tree; the root is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct At(u32);

#[derive(Default)]
struct Node {
    byte: u8,
    /// First child and next sibling; 0 is none, as the root is nobody's child.
    child: u32,
    sibling: u32,
    /// The node of the longest proper suffix that is in the tree.
    suffix: u32,
    /// The nearest node strictly above at which a pattern ends; 0 is none.
    above: u32,
    /// Bytes from the root.
    depth: u32,
    /// The first pattern that ends here.
    ends: Option<usize>,
    /// Some pattern that runs through here.
    through: usize,
}

/// Every pattern by its folded bytes.
pub(super) struct Trie {
    nodes: Vec<Node>,
    /// The root's children: the one place where many siblings are the rule.
    first: Box<[u32; 256]>,
    patterns: Vec<Pattern>,
}

/// The byte that stands in the tree for this one: lower case, and a space for `+`, since forms write
/// one for the other.
pub(super) fn fold(byte: u8) -> u8 {
    match byte {
        b'+' => b' ',
        other => other.to_ascii_lowercase(),
    }
}

impl Trie {
    pub(super) const ROOT: At = At(0);

    /// With room for values of so many bytes.
    pub(super) fn with_room(bytes: usize) -> Self {
        let mut nodes = Vec::with_capacity(bytes + 1);
        nodes.push(Node::default());
        Self { nodes, first: Box::new([0; 256]), patterns: Vec::new() }
    }

    /// Adds a value; of two that are equal the first stays.
    pub(super) fn add(&mut self, pattern: &Pattern) {
        let index = self.patterns.len();
        let mut at = Self::ROOT;
        for byte in pattern.exact() {
            at = self.child(at, fold(*byte)).unwrap_or_else(|| self.grow(at, fold(*byte), index));
        }
        let same = |known: &Pattern| {
            known.exact() == pattern.exact() && known.letters() == pattern.letters()
        };
        if self.known(at).any(same) {
            return;
        }
        let Some(node) = self.nodes.get_mut(at.index()) else { return };
        let next = node.ends.replace(index);
        self.patterns.push(pattern.clone().before(next));
    }

    /// Lays the suffix links; called once, after the last value.
    pub(super) fn link(&mut self) {
        let mut queue: Vec<At> = Vec::with_capacity(self.nodes.len());
        queue.extend(self.children(Self::ROOT));
        let mut next = 0;
        while let Some(parent) = queue.get(next).copied() {
            next += 1;
            let above = if self.is_end(parent) { parent.0 } else { self.above(parent) };
            let mut child = self.node(parent).map_or(0, |node| node.child);
            while child != 0 {
                let suffix = self.suffix_of(parent, At(child));
                let Some(node) = self.nodes.get_mut(At(child).index()) else { return };
                (node.suffix, node.above) = (suffix.0, above);
                queue.push(At(child));
                child = node.sibling;
            }
        }
    }

    /// The longest proper suffix in the tree, by those of the parent.
    fn suffix_of(&self, parent: At, child: At) -> At {
        let byte = self.node(child).map_or(0, |node| node.byte);
        let mut suffix = self.suffix(parent);
        loop {
            match self.child(suffix, byte) {
                Some(target) => return target,
                None if suffix == Self::ROOT => return Self::ROOT,
                None => suffix = self.suffix(suffix),
            }
        }
    }

    /// The place one folded byte further.
    pub(super) fn child(&self, at: At, byte: u8) -> Option<At> {
        if at == Self::ROOT {
            return self
                .first
                .get(usize::from(byte))
                .filter(|node| **node != 0)
                .map(|node| At(*node));
        }
        self.children(at).find(|child| self.node(*child).is_some_and(|node| node.byte == byte))
    }

    /// The place of the longest proper suffix.
    pub(super) fn suffix(&self, at: At) -> At {
        At(self.node(at).map_or(0, |node| node.suffix))
    }

    /// How many bytes lead here.
    pub(super) fn depth(&self, at: At) -> usize {
        self.node(at).map_or(0, |node| usize::try_from(node.depth).unwrap_or(0))
    }

    /// Whether nothing lies further down.
    pub(super) fn is_leaf(&self, at: At) -> bool {
        self.node(at).is_none_or(|node| node.child == 0)
    }

    /// Whether a pattern ends here.
    pub(super) fn is_end(&self, at: At) -> bool {
        self.node(at).is_some_and(|node| node.ends.is_some())
    }

    /// The places at which a pattern ends on the way here, this one included, the longest first.
    pub(super) fn ends(&self, at: At) -> impl Iterator<Item = At> {
        let above = move |at: At| Some(At(self.above(at))).filter(|above| *above != Self::ROOT);
        let first = if self.is_end(at) { Some(at) } else { above(at) };
        std::iter::successors(first, move |at| above(*at))
    }

    /// The pattern that ends here and is the bytes read, by letter case too. The first added wins.
    pub(super) fn ending(
        &self,
        at: At,
        read: impl Iterator<Item = u8> + Clone,
    ) -> Option<&Pattern> {
        self.known(at).filter(|pattern| pattern.is(read.clone())).last()
    }

    /// Some pattern that leads here or beyond.
    pub(super) fn through(&self, at: At) -> Option<&Pattern> {
        self.patterns.get(self.node(at)?.through)
    }

    pub(super) fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    fn above(&self, at: At) -> u32 {
        self.node(at).map_or(0, |node| node.above)
    }

    fn node(&self, at: At) -> Option<&Node> {
        self.nodes.get(at.index())
    }

    fn children(&self, at: At) -> impl Iterator<Item = At> {
        let first = self.node(at).map_or(0, |node| node.child);
        let some = |node: u32| (node != 0).then_some(At(node));
        std::iter::successors(some(first), move |child| some(self.node(*child)?.sibling))
    }

    fn known(&self, at: At) -> impl Iterator<Item = &Pattern> {
        let first = self.node(at).and_then(|node| node.ends);
        let first = first.and_then(|index| self.patterns.get(index));
        std::iter::successors(first, |pattern| self.patterns.get(pattern.next?))
    }

    fn grow(&mut self, parent: At, byte: u8, through: usize) -> At {
        // The builder's bound on the sum of the values keeps this below u32::MAX.
        let index = u32::try_from(self.nodes.len()).unwrap_or(0);
        let Some(node) = self.nodes.get_mut(parent.index()) else { return Self::ROOT };
        let sibling = std::mem::replace(&mut node.child, index);
        let depth = node.depth + 1;
        self.nodes.push(Node { byte, sibling, depth, through, ..Node::default() });
        if parent == Self::ROOT
            && let Some(first) = self.first.get_mut(usize::from(byte))
        {
            *first = index;
        }
        At(index)
    }
}

impl At {
    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}
