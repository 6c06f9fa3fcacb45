// SPDX-License-Identifier: Apache-2.0
#include "agent/inspect/doctor.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "agent/cli/ask.hpp"
#include "agent/cli/json_text.hpp"
#include "agent/control/text.hpp"

namespace ringwall::inspect {
namespace {

namespace json = boost::json;

std::string paragraphs_of(const Faults& faults) {
    std::string all;
    for (const Fault& fault : faults)
        all += (fault.is_hint ? "hint, " : "") + fault.check + ": " + control::printable(fault.what) + "\n    " +
               control::printable(fault.mend) + "\n";
    return all;
}

json::value document_of(const Faults& faults) {
    json::array list;
    for (const Fault& fault : faults)
        list.push_back(json::object{{"check", fault.check},
                                    {"what", control::to_utf8(fault.what)},
                                    {"mend", control::to_utf8(fault.mend)},
                                    {"hint", fault.is_hint}});
    return list;
}

} // namespace

int doctor(const agent::Options& options, bool as_json) {
    const Patient patient = examine(options);
    Faults faults;
    for (const NamedCheck& each : all_checks())
        for (Fault& fault : each.check(patient)) faults.push_back(std::move(fault));
    const bool is_well = std::ranges::all_of(faults, &Fault::is_hint);
    std::string told = paragraphs_of(faults);
    if (is_well) told += "nothing wrong: " + std::to_string(all_checks().size()) + " checks\n";
    const int printed = cli::print(as_json ? cli::json_text(document_of(faults)) : told);
    return is_well ? printed : agent::exit_failed;
}

} // namespace ringwall::inspect
