#include "scaffold/completion.hpp"

#include <CLI/CLI.hpp>

namespace windlass::inline v0::scaffold {
namespace {

/// Words that may follow a command: its subcommands, then its flags.
struct Place {
  std::string path;                                        ///< "windlass create"
  std::vector<std::pair<std::string, std::string>> words;  ///< with what they mean
};

std::string first_line(std::string text) {
  text = text.substr(0, text.find('\n'));
  std::string out;
  for (const char c : text) {
    if (c != '\'' && c != '[' && c != ']' && c != ':') out += c;
  }
  return out;
}

void collect(const CLI::App& app, const std::string& path, std::vector<Place>& places) {
  Place place{path, {}};
  const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const auto* command : subcommands)
    place.words.emplace_back(command->get_name(), first_line(command->get_description()));
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames())
      place.words.emplace_back("--" + name, first_line(option->get_description()));
  }
  if (app.get_name() == "completion") {
    for (const auto* shell : {"bash", "zsh", "fish"}) place.words.emplace_back(shell, "");
  }
  places.push_back(place);
  for (const auto* command : subcommands)
    collect(*command, path + " " + command->get_name(), places);
}

std::string joined(const Place& place) {
  std::string out;
  for (const auto& [word, meaning] : place.words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string bash(const std::vector<Place>& places) {
  std::string out =
      "# completion of windlass for bash\n"
      "_windlass() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} place=windlass word words\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$place $word\" in\n";
  for (const auto& place : places) {
    if (place.path != "windlass") out += "      '" + place.path + "') place=\"$place $word\" ;;\n";
  }
  out += "    esac\n  done\n  case $place in\n";
  for (const auto& place : places)
    out += "    '" + place.path + "') words='" + joined(place) + "' ;;\n";
  out +=
      "  esac\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "}\n"
      "complete -o default -F _windlass windlass\n";
  return out;
}

std::string zsh(const std::vector<Place>& places) {
  std::string out =
      "#compdef windlass\n"
      "_windlass() {\n"
      "  local place=windlass word\n"
      "  local -a words_here\n"
      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
      "    case \"$place $word\" in\n";
  for (const auto& place : places) {
    if (place.path != "windlass") out += "      '" + place.path + "') place=\"$place $word\" ;;\n";
  }
  out += "    esac\n  done\n  case $place in\n";
  for (const auto& place : places) {
    out += "    '" + place.path + "') words_here=(";
    for (const auto& [word, meaning] : place.words)
      out += " '" + word + (meaning.empty() ? "" : ":" + meaning) + "'";
    out += " ) ;;\n";
  }
  out += "  esac\n  _describe windlass words_here || _files\n}\n";
  out +=
      "if [ \"$funcstack[1]\" = _windlass ]; then _windlass \"$@\"; else compdef _windlass "
      "windlass; fi\n";
  return out;
}

std::string fish(const std::vector<Place>& places) {
  std::string out =
      "# completion of windlass for fish\n"
      "function __windlass_place\n"
      "  set -l place windlass\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    switch \"$place $word\"\n";
  for (const auto& place : places) {
    if (place.path != "windlass")
      out += "      case '" + place.path + "'\n        set place \"$place $word\"\n";
  }
  out += "    end\n  end\n  echo $place\nend\n";
  for (const auto& place : places) {
    for (const auto& [word, meaning] : place.words) {
      out += "complete -c windlass -n 'test (__windlass_place) = \"" + place.path + "\"' ";
      out += word.starts_with("--") ? "-l " + word.substr(2) : "-f -a " + word;
      if (!meaning.empty()) out += " -d '" + meaning + "'";
      out += "\n";
    }
  }
  return out;
}

}  // namespace

std::string completion_script(const CLI::App& app, std::string_view shell) {
  std::vector<Place> places;
  collect(app, "windlass", places);
  if (shell == "bash") return bash(places);
  return shell == "zsh" ? zsh(places) : fish(places);
}

}  // namespace windlass::inline v0::scaffold
