#include "dist/tree.hpp"

#include "tests/catch.hpp"

namespace lockstep::dist {
namespace {

using Nodes = std::vector<Range>;

/// The tree's text, "((0 1) 2)": shows the association of every addition.
std::string text_of_tree(std::size_t n, std::size_t begin, std::size_t size) {
  if (size == 1) return std::to_string(begin);
  const std::size_t half = size / 2;
  if (begin + half >= n) return text_of_tree(n, begin, half);
  return "(" + text_of_tree(n, begin, half) + " " + text_of_tree(n, begin + half, half) + ")";
}

std::string text_of_tree(std::size_t n) {
  std::size_t size = 1;
  while (size < n) size *= 2;
  return text_of_tree(n, 0, size);
}

struct AddText {
  void operator()(std::string& left, const std::string& right) const {
    left = "(" + left + " " + right + ")";
  }
};
using TextCounter = TreeCounter<std::string, AddText>;

}  // namespace

TEST_CASE("block_of gives contiguous blocks whose sizes differ by one at most", "[dist][tree]") {
  CHECK(block_of(8, 0, 3) == Range{0, 3});
  CHECK(block_of(8, 1, 3) == Range{3, 6});
  CHECK(block_of(8, 2, 3) == Range{6, 8});
  CHECK(block_of(2, 3, 4) == Range{2, 2});
  for (std::size_t n = 0; n <= 20; ++n) {
    for (std::size_t workers = 1; workers <= 9; ++workers) {
      std::size_t next = 0;
      for (std::size_t worker = 0; worker < workers; ++worker) {
        const Range block = block_of(n, worker, workers);
        CHECK(block.begin == next);
        CHECK(block.end - block.begin >= n / workers);
        CHECK(block.end - block.begin <= n / workers + 1);
        next = block.end;
      }
      CHECK(next == n);
    }
  }
}

TEST_CASE("maximal_nodes cuts a block into the largest nodes of the tree", "[dist][tree]") {
  CHECK(maximal_nodes(8, {0, 3}) == Nodes{{0, 2}, {2, 3}});
  CHECK(maximal_nodes(8, {3, 6}) == Nodes{{3, 4}, {4, 6}});
  CHECK(maximal_nodes(8, {6, 8}) == Nodes{{6, 8}});
  CHECK(maximal_nodes(8, {0, 8}) == Nodes{{0, 8}});
  CHECK(maximal_nodes(8, {5, 5}).empty());
  CHECK(maximal_nodes(7, {4, 7}) == Nodes{{4, 7}});  // cut by n, complete
  CHECK(maximal_nodes(7, {3, 7}) == Nodes{{3, 4}, {4, 7}});
  CHECK(maximal_nodes(1, {0, 1}) == Nodes{{0, 1}});
  CHECK(maximal_nodes(5, {0, 5}) == Nodes{{0, 5}});
}

TEST_CASE("are_siblings knows the two children of a node, also of one that n cuts",
          "[dist][tree]") {
  CHECK(are_siblings(8, {0, 4}, {4, 8}));
  CHECK(are_siblings(8, {6, 7}, {7, 8}));
  CHECK_FALSE(are_siblings(8, {1, 2}, {2, 3}));
  CHECK_FALSE(are_siblings(8, {0, 2}, {2, 3}));
  CHECK(are_siblings(5, {0, 4}, {4, 5}));
  CHECK_FALSE(are_siblings(8, {0, 4}, {4, 5}));
  CHECK(are_siblings(7, {4, 6}, {6, 7}));
}

TEST_CASE("TreeCounter adds in the order of the tree", "[dist][tree]") {
  for (std::size_t n = 1; n <= 20; ++n) {
    TextCounter counter(n, {0, n}, {});
    for (std::size_t i = 0; i < n; ++i) counter.push(std::to_string(i));
    REQUIRE(counter.nodes() == Nodes{{0, n}});
    CHECK(counter.values()[0] == text_of_tree(n));
  }
}

TEST_CASE("TreeCounter: how the leaves are shared out does not change the tree",
          "[dist][tree][property]") {
  for (std::size_t n = 1; n <= 17; ++n) {
    for (std::size_t workers = 1; workers <= 8; ++workers) {
      TextCounter whole(n, {0, n}, {});
      for (std::size_t worker = 0; worker < workers; ++worker) {
        const Range block = block_of(n, worker, workers);
        TextCounter part(n, block, {});
        for (std::size_t i = block.begin; i < block.end; ++i) part.push(std::to_string(i));
        CHECK(part.nodes() == maximal_nodes(n, block));
        for (std::size_t i = 0; i < part.nodes().size(); ++i)
          whole.push_node(part.nodes()[i], part.values()[i]);
      }
      REQUIRE(whole.nodes() == Nodes{{0, n}});
      CHECK(whole.values()[0] == text_of_tree(n));
    }
  }
}

}  // namespace lockstep::dist
