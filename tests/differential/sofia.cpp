// SPDX-License-Identifier: Apache-2.0
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sdp.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_util.h>
#include <strings.h>

#include "agent/text/ascii.hpp"
#include "tests/differential/account.hpp"

namespace ringwall::differential {
namespace {

std::string words(const char* value) { return value == nullptr ? "" : value; }

// On "m=audio 1 X/Y ; z" sofia-sip's parser loops, and takes memory, without end: m-lines with other bytes than those of
// tokens are not given to it.
bool may_be_asked(std::string_view body) {
    for (size_t at = body.find("m="); at != body.npos; at = body.find("m=", at + 2)) {
        for (size_t i = at + 2; i < body.size() && body[i] != '\r' && body[i] != '\n'; ++i) {
            if (!text::is(body[i], text::token_char | text::blank_char) && body[i] != '/') return false;
        }
    }
    return true;
}

std::string media_of(const sip_payload_t& body) {
    if (!may_be_asked({body.pl_data, body.pl_len})) return "refused";
    sdp_parser_t* parser = sdp_parse(nullptr, body.pl_data, static_cast<issize_t>(body.pl_len), 0);
    const sdp_session_t* session = sdp_session(parser);
    std::string media = session == nullptr ? "refused" : "";
    for (const sdp_media_t* one = session == nullptr ? nullptr : session->sdp_media; one != nullptr;
         one = one->m_next) {
        const sdp_connection_t* connection = sdp_media_connections(one);
        media += endpoint(connection == nullptr ? "" : words(connection->c_address), one->m_port) + " ";
    }
    sdp_parser_free(parser);
    return media;
}

void take_fields(const sip_t& sip, Account& account) {
    auto& fields = account.fields;
    fields["start"] =
        sip.sip_request != nullptr ? words(sip.sip_request->rq_method_name) : std::to_string(sip.sip_status->st_status);
    fields["call_id"] = words(sip.sip_call_id->i_id);
    fields["cseq"] = std::to_string(sip.sip_cseq->cs_seq) + " " + words(sip.sip_cseq->cs_method_name);
    if (!words(sip.sip_from->a_tag).empty()) fields["from_tag"] = sip.sip_from->a_tag;
    if (!words(sip.sip_to->a_tag).empty()) fields["to_tag"] = sip.sip_to->a_tag;
    if (!words(sip.sip_via->v_branch).empty()) fields["branch"] = sip.sip_via->v_branch;
    if (sip.sip_content_length != nullptr) fields["content_length"] = std::to_string(sip.sip_content_length->l_length);
    const sip_content_type_t* type = sip.sip_content_type;
    const bool is_sdp = type != nullptr && strcasecmp(words(type->c_type).c_str(), "application/sdp") == 0;
    if (is_sdp && sip.sip_payload != nullptr && sip.sip_payload->pl_len > 0)
        fields["media"] = media_of(*sip.sip_payload);
}

} // namespace

Account sofia(std::string_view bytes) {
    Account account;
    msg_t* message = msg_make(sip_default_mclass(), 0, bytes.data(), static_cast<ssize_t>(bytes.size()));
    const sip_t* sip = message == nullptr ? nullptr : sip_object(message);
    if (sip == nullptr) {
        account.refused = "no message";
    } else if (sip->sip_error != nullptr || msg_has_error(message) != 0) {
        account.refused = "refused";
    } else if (sip_sanity_check(sip) < 0 || sip->sip_via == nullptr) {
        account.refused = "insane";
    } else {
        take_fields(*sip, account);
    }
    msg_destroy(message);
    return account;
}

} // namespace ringwall::differential
