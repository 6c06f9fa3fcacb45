// SPDX-License-Identifier: Apache-2.0
// `ringwall pinholes open` and `close`: the words of the command line become members of the request, which is read here as the
// agent will read it: what is no request is none without an agent too.
#include "agent/control/by_hand.hpp"

#include <boost/json.hpp>
#include <iostream>

#include "agent/cli/ask.hpp"
#include "agent/cli/commands.hpp"
#include "agent/cli/json_text.hpp"
#include "agent/cli/words.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;

void add(json::object& request, const char* member, const std::string& said) {
    if (!said.empty()) request[member] = said;
}

std::string joined(const json::array& texts) {
    std::string all;
    for (const json::value& each : texts)
        if (each.is_string()) all += (all.empty() ? "" : ", ") + std::string(each.get_string());
    return all;
}

int refused(const std::string& mistake) {
    std::cerr << mistake << '\n';
    return agent::exit_usage;
}

} // namespace

int open(const Invocation& invocation) {
    const ByHand& said = invocation.by_hand;
    json::object request{{"local", said.local}, {"rtcp", said.rtcp}};
    add(request, "proto", said.proto);
    add(request, "media", said.media);
    add(request, "for", said.life);
    add(request, "name", said.name);
    if (!said.from.empty()) request["from"] = json::value_from(said.from);
    const std::string body = json::serialize(request);
    if (const auto read = control::opening(body); !read) return refused(read.error());
    const auto answer = ask(invocation.options, {"POST", "/api/v1/pinholes/open", body});
    if (!answer) return answer.error();
    if (const json::array& denied = list(*answer, "denied"); !denied.empty())
        std::cerr << "ringwall: warning: denied by the configuration, and not heard: " << joined(denied) << '\n';
    return print(invocation.json
                     ? json_text(*answer)
                     : "open for " + duration(real(*answer, "expires_in")) + ": " + joined(list(*answer, "ports")) +
                           " " + text(*answer, "proto") + ", for " + text(*answer, "name") + "\n");
}

int close(const Invocation& invocation) {
    json::object request;
    add(request, "local", invocation.by_hand.local);
    add(request, "proto", invocation.by_hand.proto);
    add(request, "name", invocation.by_hand.name);
    const std::string body = json::serialize(request);
    if (const auto read = control::closing(body); !read) return refused(read.error());
    const auto answer = ask(invocation.options, {"POST", "/api/v1/pinholes/close", body});
    if (!answer) return answer.error();
    if (invocation.json) return print(json_text(*answer));
    std::string lines;
    for (const json::value& each : list(*answer, "closed"))
        lines +=
            "closed: " + joined(list(each, "ports")) + " " + text(each, "proto") + ", for " + text(each, "name") + "\n";
    return print(lines);
}

} // namespace ringwall::cli
