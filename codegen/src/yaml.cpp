#include <charconv>
#include <utility>

#include <yaml-cpp/yaml.h>

#include <windlass/codegen/yaml.hpp>

namespace windlass::inline v0::codegen {
namespace {

constexpr int kMaxDepth = 200;

bool looks_like_number(const std::string& text) {
  return text.find_first_not_of("+-.0123456789eE") == std::string::npos &&
         text.find_first_of("0123456789") != std::string::npos;
}

json::Value plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (!looks_like_number(text)) return text;
  const char* begin = text.data() + (text.front() == '+' ? 1 : 0);
  const char* end = text.data() + text.size();
  std::int64_t integer = 0;
  if (const auto [at, error] = std::from_chars(begin, end, integer);
      error == std::errc() && at == end) {
    return integer;
  }
  double number = 0;
  if (const auto [at, error] = std::from_chars(begin, end, number);
      error == std::errc() && at == end) {
    return number;
  }
  return text;
}

json::Value convert(const YAML::Node& node, int depth) {
  if (depth > kMaxDepth) throw YAML::Exception(node.Mark(), "nested too deeply");
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      // "!" is what the parser says of a quoted scalar, "?" of a plain one
      return node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str"
                 ? json::Value(node.Scalar())
                 : plain_scalar(node.Scalar());
    case YAML::NodeType::Sequence: {
      json::Array array;
      for (const auto& item : node) array.push_back(convert(item, depth + 1));
      return array;
    }
    case YAML::NodeType::Map: {
      json::Object object;
      for (const auto& entry : node) {
        if (!entry.first.IsScalar()) {
          throw YAML::Exception(entry.first.Mark(), "the key is not a string");
        }
        if (object.contains(entry.first.Scalar())) {
          throw YAML::Exception(entry.first.Mark(),
                                "`" + entry.first.Scalar() + "` stands here a second time");
        }
        object.set(entry.first.Scalar(), convert(entry.second, depth + 1));
      }
      return object;
    }
    default:
      return {};
  }
}

}  // namespace

Result<std::vector<json::Value>> parse_yaml(const std::string& file, std::string_view text) {
  try {
    std::vector<json::Value> out;
    for (const auto& document : YAML::LoadAll(std::string(text))) {
      auto value = convert(document, 0);
      if (!value.is_null()) out.push_back(std::move(value));
    }
    return out;
  } catch (const YAML::Exception& error) {
    return Error{Errc::parse, file + ":" + std::to_string(error.mark.line + 1) + ":" +
                                  std::to_string(error.mark.column + 1) + ": " + error.msg};
  }
}

}  // namespace windlass::inline v0::codegen
