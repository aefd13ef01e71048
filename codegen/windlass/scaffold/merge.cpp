#include "scaffold/merge.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace windlass::inline v0::scaffold {
namespace {

using Lines = std::vector<std::string_view>;

Lines split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto length = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// For each line of `base` the line of `other` that a longest common subsequence pairs it with, or
/// kNone.
std::vector<std::size_t> match(const Lines& base, const Lines& other) {
  std::vector<std::size_t> pairs(base.size(), kNone);
  std::size_t first = 0;
  while (first < base.size() && first < other.size() && base[first] == other[first]) {
    pairs[first] = first;
    ++first;
  }
  auto base_end = base.size();
  auto other_end = other.size();
  while (base_end > first && other_end > first && base[base_end - 1] == other[other_end - 1]) {
    pairs[--base_end] = --other_end;
  }
  const auto rows = base_end - first;
  const auto columns = other_end - first;
  // lengths[i][j]: of the longest common subsequence of what follows line i and line j
  std::vector<std::uint32_t> lengths((rows + 1) * (columns + 1));
  const auto at = [&](std::size_t i, std::size_t j) -> std::uint32_t& {
    return lengths[i * (columns + 1) + j];
  };
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      at(i, j) = base[first + i] == other[first + j] ? at(i + 1, j + 1) + 1
                                                     : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  for (std::size_t i = 0, j = 0; i < rows && j < columns;) {
    if (base[first + i] == other[first + j]) {
      pairs[first + i++] = first + j++;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      ++i;
    } else {
      ++j;
    }
  }
  return pairs;
}

struct Range {
  std::size_t first;
  std::size_t last;
};

bool same(const Lines& a, Range in_a, const Lines& b, Range in_b) {
  return std::equal(a.begin() + static_cast<std::ptrdiff_t>(in_a.first),
                    a.begin() + static_cast<std::ptrdiff_t>(in_a.last),
                    b.begin() + static_cast<std::ptrdiff_t>(in_b.first),
                    b.begin() + static_cast<std::ptrdiff_t>(in_b.last));
}

void append(std::string& out, const Lines& lines, Range range) {
  for (auto i = range.first; i < range.last; ++i) out += lines[i];
}

/// A side of a conflict always ends its last line.
void append_side(std::string& out, const Lines& lines, Range range) {
  append(out, lines, range);
  if (!out.empty() && out.back() != '\n') out += '\n';
}

}  // namespace

Merged merge(std::string_view base_text, std::string_view mine_text, std::string_view theirs_text,
             std::string_view mine_name, std::string_view theirs_name) {
  const auto base = split(base_text);
  const auto mine = split(mine_text);
  const auto theirs = split(theirs_text);
  const auto in_mine = match(base, mine);
  const auto in_theirs = match(base, theirs);
  Merged merged;

  const auto chunk = [&](Range b, Range m, Range t) {
    if (same(base, b, mine, m)) return append(merged.text, theirs, t);
    if (same(base, b, theirs, t) || same(mine, m, theirs, t)) return append(merged.text, mine, m);
    ++merged.conflicts;
    merged.text += "<<<<<<< " + std::string(mine_name) + "\n";
    append_side(merged.text, mine, m);
    merged.text += "=======\n";
    append_side(merged.text, theirs, t);
    merged.text += ">>>>>>> " + std::string(theirs_name) + "\n";
  };

  // between lines that all three share lies what somebody changed
  std::size_t b = 0;
  std::size_t m = 0;
  std::size_t t = 0;
  for (std::size_t i = 0; i < base.size(); ++i) {
    if (in_mine[i] == kNone || in_theirs[i] == kNone) continue;
    chunk({b, i}, {m, in_mine[i]}, {t, in_theirs[i]});
    merged.text += base[i];
    b = i + 1;
    m = in_mine[i] + 1;
    t = in_theirs[i] + 1;
  }
  chunk({b, base.size()}, {m, mine.size()}, {t, theirs.size()});
  return merged;
}

}  // namespace windlass::inline v0::scaffold
