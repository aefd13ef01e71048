#include <algorithm>
#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include <windlass/json/value.hpp>
#include <windlass/testing/trace.hpp>

namespace windlass::inline v0::testing {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 32 ? ' ' : c;
    }
  }
  return out;
}

double seconds(Duration at) { return std::chrono::duration<double>(at).count(); }

const char* colour(TraceEvent::Kind kind) {
  switch (kind) {
    case TraceEvent::Kind::fault:
      return "#d33";
    case TraceEvent::Kind::process:
      return "#000";
    case TraceEvent::Kind::lease:
      return "#e90";
    case TraceEvent::Kind::request:
      return "#39c";
    case TraceEvent::Kind::reconcile:
      return "#393";
    case TraceEvent::Kind::change:
      return "#93c";
    case TraceEvent::Kind::log:
      return "#bbb";
    case TraceEvent::Kind::check:
      return "#f0f";
  }
  return "#000";
}

constexpr std::size_t kListed = 2000;

}  // namespace

std::string_view to_string(TraceEvent::Kind kind) {
  switch (kind) {
    case TraceEvent::Kind::fault:
      return "fault";
    case TraceEvent::Kind::process:
      return "process";
    case TraceEvent::Kind::lease:
      return "lease";
    case TraceEvent::Kind::request:
      return "request";
    case TraceEvent::Kind::reconcile:
      return "reconcile";
    case TraceEvent::Kind::change:
      return "change";
    case TraceEvent::Kind::log:
      return "log";
    case TraceEvent::Kind::check:
      return "check";
  }
  return "";
}

std::string Trace::text(std::size_t limit) const {
  std::string out;
  const auto first = limit == 0 || events_.size() <= limit ? 0 : events_.size() - limit;
  for (auto i = first; i < events_.size(); ++i) {
    const auto& event = events_[i];
    out += fmt::format("{:12.6f} {:12} {:9} {}\n", seconds(event.at), event.process,
                       to_string(event.kind), event.text);
  }
  return out;
}

std::string Trace::requests() const {
  std::string lines;
  for (const auto& event : events_) {
    if (event.kind != TraceEvent::Kind::request) continue;
    const std::string_view text = event.text;  // "GET /api/v1/pods at api-0: 200"
    const auto space = text.find(' ');
    const auto at = text.find(" at ", space);
    json::Object entry{{"user", event.process},
                       {"method", text.substr(0, space)},
                       {"target", text.substr(space + 1, at - space - 1)},
                       {"code", std::atoi(event.text.c_str() + text.rfind(' ') + 1)}};
    lines += json::dump(json::Value(std::move(entry))) + "\n";
  }
  return lines;
}

std::string Trace::html(const std::string& title) const {
  std::map<std::string, int> lanes;
  double end = 1;
  for (const auto& event : events_) {
    lanes.try_emplace(event.process, 0);
    end = std::max(end, seconds(event.at));
  }
  int row = 0;
  for (auto& [name, lane] : lanes) lane = row++;
  const int left = 130;
  const int width = 1400;
  const auto x = [&](Duration at) { return left + seconds(at) / end * (width - left - 10); };
  std::string out = fmt::format(
      "<!doctype html><meta charset=utf-8><title>{0}</title><style>body{{font:13px "
      "sans-serif;margin:1em}}"
      "td{{padding:0 .7em 0 "
      "0;white-space:nowrap;font-family:monospace;font-size:12px}}td:last-child{{white-space:"
      "normal}}"
      "</style><h3>{0}</h3>\n<svg width={1} height={2} font-size=12>\n",
      escaped(title), width, row * 26 + 30);
  for (const auto& [name, lane] : lanes) {
    const int y = lane * 26 + 16;
    out += fmt::format("<text x=2 y={}>{}</text><line x1={} y1={} x2={} y2={} stroke=#ddd />\n",
                       y + 4, escaped(name), left, y, width, y);
  }
  for (const auto& event : events_) {
    if (event.kind == TraceEvent::Kind::log) continue;
    const int y = lanes[event.process] * 26 + 16;
    const bool large =
        event.kind == TraceEvent::Kind::fault || event.kind == TraceEvent::Kind::lease ||
        event.kind == TraceEvent::Kind::process || event.kind == TraceEvent::Kind::check;
    out += fmt::format(
        "<rect x={:.1f} y={} width={} height={} fill={}><title>{:.3f} s {}: {}</title></rect>\n",
        x(event.at), large ? y - 10 : y - 4, large ? 3 : 1, large ? 20 : 8, colour(event.kind),
        seconds(event.at), to_string(event.kind), escaped(event.text));
  }
  out += "</svg><p>";
  for (const auto kind :
       {TraceEvent::Kind::fault, TraceEvent::Kind::process, TraceEvent::Kind::lease,
        TraceEvent::Kind::request, TraceEvent::Kind::reconcile, TraceEvent::Kind::change,
        TraceEvent::Kind::check}) {
    out += fmt::format("<span style=\"color:{}\">&#9632;</span> {} &nbsp; ", colour(kind),
                       to_string(kind));
  }
  out += "</p><table>\n";
  const auto first = events_.size() > kListed ? events_.size() - kListed : 0;
  for (auto i = first; i < events_.size(); ++i) {
    const auto& event = events_[i];
    out += fmt::format("<tr style=\"color:{}\"><td>{:.6f}<td>{}<td>{}<td>{}\n", colour(event.kind),
                       seconds(event.at), escaped(event.process), to_string(event.kind),
                       escaped(event.text));
  }
  return out + "</table>\n";
}

}  // namespace windlass::inline v0::testing
