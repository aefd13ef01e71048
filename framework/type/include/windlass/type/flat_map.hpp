#pragma once
// FlatMap: a sorted vector of pairs with the interface of std::map.

#include <algorithm>
#include <initializer_list>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

namespace windlass::inline v0 {

/// Keys in ascending order, each once, in one block of memory. Lookup is a binary search; inserting
/// and erasing move what follows and invalidate iterators and references. V may be incomplete where
/// the map is declared. Lookup takes anything that compares with Key (std::string_view).
/// Do not change a key through an iterator.
template <class Key, class V>
class FlatMap {
 public:
  using key_type = Key;
  using mapped_type = V;
  using value_type = std::pair<Key, V>;
  using size_type = std::size_t;
  using iterator = typename std::vector<value_type>::iterator;
  using const_iterator = typename std::vector<value_type>::const_iterator;

  // Written out, so that declaring them does not look into an incomplete V.
  FlatMap() {}
  FlatMap(const FlatMap& other) : entries_(other.entries_) {}
  FlatMap(FlatMap&& other) noexcept : entries_(std::move(other.entries_)) {}
  FlatMap& operator=(const FlatMap& other) {
    entries_ = other.entries_;
    return *this;
  }
  FlatMap& operator=(FlatMap&& other) noexcept {
    entries_ = std::move(other.entries_);
    return *this;
  }
  ~FlatMap() {}

  FlatMap(std::initializer_list<value_type> entries) : FlatMap(std::vector<value_type>(entries)) {}
  template <class Iterator>
  FlatMap(Iterator first, Iterator last) : FlatMap(std::vector<value_type>(first, last)) {}
  /// Sorts; of equal keys the last wins.
  explicit FlatMap(std::vector<value_type> entries) : entries_(std::move(entries)) { normalise(); }

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return entries_.capacity(); }
  void clear() noexcept { entries_.clear(); }
  void reserve(std::size_t count) { entries_.reserve(count); }
  void shrink_to_fit() { entries_.shrink_to_fit(); }
  iterator begin() noexcept { return entries_.begin(); }
  iterator end() noexcept { return entries_.end(); }
  const_iterator begin() const noexcept { return entries_.begin(); }
  const_iterator end() const noexcept { return entries_.end(); }
  /// The entries side by side.
  [[nodiscard]] const value_type* data() const noexcept { return entries_.data(); }

  template <class K>
  iterator lower_bound(const K& key) {
    return std::lower_bound(entries_.begin(), entries_.end(), key, before<K>);
  }
  template <class K>
  const_iterator lower_bound(const K& key) const {
    return std::lower_bound(entries_.begin(), entries_.end(), key, before<K>);
  }
  template <class K>
  iterator find(const K& key) {
    const auto it = lower_bound(key);
    return it != end() && it->first == key ? it : end();
  }
  template <class K>
  const_iterator find(const K& key) const {
    const auto it = lower_bound(key);
    return it != end() && it->first == key ? it : end();
  }
  template <class K>
  [[nodiscard]] bool contains(const K& key) const {
    return find(key) != end();
  }
  template <class K>
  [[nodiscard]] std::size_t count(const K& key) const {
    return contains(key) ? 1 : 0;
  }
  /// Throws std::out_of_range when missing.
  template <class K>
  [[nodiscard]] const V& at(const K& key) const {
    const auto it = find(key);
    if (it == end()) throw std::out_of_range("FlatMap::at: no such key");
    return it->second;
  }
  template <class K>
  [[nodiscard]] V& at(const K& key) {
    return const_cast<V&>(std::as_const(*this).at(key));
  }
  /// The value, or null pointer.
  template <class K>
  [[nodiscard]] const V* get(const K& key) const {
    const auto it = find(key);
    return it == end() ? nullptr : &it->second;
  }
  template <class K>
  V& operator[](K&& key) {
    auto it = lower_bound(key);
    if (it == end() || it->first != key) {
      it = entries_.insert(it, value_type(Key(std::forward<K>(key)), V()));
    }
    return it->second;
  }
  /// Does nothing when the key is there.
  std::pair<iterator, bool> insert(value_type entry) {
    const auto it = lower_bound(entry.first);
    if (it != end() && it->first == entry.first) return {it, false};
    return {entries_.insert(it, std::move(entry)), true};
  }
  template <class Iterator>
  void insert(Iterator first, Iterator last) {
    for (; first != last; ++first) insert(value_type(*first));
  }
  template <class K, class... Args>
  std::pair<iterator, bool> emplace(K&& key, Args&&... args) {
    return insert(value_type(Key(std::forward<K>(key)), V(std::forward<Args>(args)...)));
  }
  template <class K, class... Args>
  std::pair<iterator, bool> try_emplace(K&& key, Args&&... args) {
    return emplace(std::forward<K>(key), std::forward<Args>(args)...);
  }
  template <class K, class U>
  std::pair<iterator, bool> insert_or_assign(K&& key, U&& value) {
    auto it = lower_bound(key);
    if (it != end() && it->first == key) {
      it->second = std::forward<U>(value);
      return {it, false};
    }
    return {entries_.insert(it, value_type(Key(std::forward<K>(key)), V(std::forward<U>(value)))),
            true};
  }
  iterator erase(const_iterator position) { return entries_.erase(position); }
  iterator erase(iterator position) { return entries_.erase(position); }
  /// 1 when there was one, else 0.
  template <class K>
    requires(!std::is_convertible_v<K, const_iterator>)
  std::size_t erase(const K& key) {
    const auto it = find(key);
    if (it == end()) return 0;
    entries_.erase(it);
    return 1;
  }

  /// For decoders: adds an entry at the end without looking at the order. `normalise` must follow
  /// before the map is used in any other way.
  V& append_unsorted(Key key) { return entries_.emplace_back(std::move(key), V()).second; }
  /// Takes the entry at the end away again.
  void drop_last() { entries_.pop_back(); }
  /// Restores the order; of equal keys the last wins.
  void normalise() {
    const auto not_ascending = [](const auto& a, const auto& b) { return !(a.first < b.first); };
    if (std::adjacent_find(begin(), end(), not_ascending) == end()) return;
    std::vector<std::size_t> order(size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      if (entries_[a].first < entries_[b].first) return true;
      if (entries_[b].first < entries_[a].first) return false;
      return a < b;
    });
    std::vector<value_type> sorted;
    sorted.reserve(size());
    for (const std::size_t i : order) {
      if (!sorted.empty() && sorted.back().first == entries_[i].first) sorted.pop_back();
      sorted.push_back(std::move(entries_[i]));
    }
    entries_ = std::move(sorted);
  }

  friend bool operator==(const FlatMap& a, const FlatMap& b) { return a.entries_ == b.entries_; }

 private:
  template <class K>
  static bool before(const value_type& entry, const K& key) {
    return entry.first < key;
  }

  std::vector<value_type> entries_;
};

}  // namespace windlass::inline v0
