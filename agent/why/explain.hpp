// SPDX-License-Identifier: Apache-2.0
// From the kernel's verdict to an answer for people: one sentence, and the steps that led there in the order of the
// design. The verdict is the programs'; nothing here decides.
#pragma once

#include <string>
#include <vector>

#include "agent/why/evidence.hpp"
#include "agent/why/lines.hpp"
#include "agent/why/question.hpp"

namespace ringwall::why {

struct Step {
    std::string name; // "source", "lists", "bans", "sip", "pinhole", "rules", "return_path", "guarded", …
    std::string says;
    std::string where; // "FILE:LINE" or empty
};

struct Answer {
    std::string sentence;
    std::string mend; // the setting that would let it through, where one should; else empty
    std::vector<Step> steps;
};

Answer explain(const Question& question, const Evidence& evidence, uint32_t reason, const Lines& lines);

// In which of the design's ten steps a reason of the way in is concluded; 0 for the way out.
unsigned step_of(uint32_t reason);

// The parts of it, each of a file of its own.
std::vector<Step> steps_of_source(const Question& question, const Evidence& evidence, uint32_t reason,
                                  const Lines& lines);
std::vector<Step> steps_of_sip(const Question& question, const Evidence& evidence, uint32_t reason, const Lines& lines);
std::vector<Step> steps_of_port(const Question& question, const Evidence& evidence, uint32_t reason,
                                const Lines& lines);
std::string hole_text(const Evidence& evidence, const Lines& lines);     // whose port it is; "no call" where nobody's
std::string expected_text(const Evidence& evidence, const Lines& lines); // who may send there
std::string ban_text(const Evidence& evidence);
std::string seconds_text(uint64_t ns); // "3 s", "4 min"

} // namespace ringwall::why
