// SPDX-License-Identifier: Apache-2.0
#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>
#include <osipparser2/sdp_message.h>
#include <strings.h>

#include "tests/differential/account.hpp"

namespace ringwall::differential {
namespace {

std::string text(const char* value) { return value == nullptr ? "" : value; }

void take_parameter(Account& account, const char* field, osip_list_t* parameters, const char* name) {
    osip_generic_param_t* found = nullptr;
    std::string word(name); // it wants a char*
    osip_generic_param_get_byname(parameters, word.data(), &found);
    if (found != nullptr && found->gvalue != nullptr && *found->gvalue != '\0') account.fields[field] = found->gvalue;
}

const char* address_of(sdp_message_t* session, int media) {
    const char* own = sdp_message_c_addr_get(session, media, 0);
    return own != nullptr ? own : sdp_message_c_addr_get(session, -1, 0);
}

std::string media_of(const osip_body_t& body) {
    sdp_message_t* session = nullptr;
    sdp_message_init(&session);
    std::string media;
    if (sdp_message_parse(session, body.body) != OSIP_SUCCESS) media = "refused";
    for (int i = 0; media != "refused" && sdp_message_endof_media(session, i) == 0; ++i) {
        const unsigned long port = std::strtoul(text(sdp_message_m_port_get(session, i)).c_str(), nullptr, 10);
        media += endpoint(text(address_of(session, i)), port) + " ";
    }
    sdp_message_free(session);
    return media;
}

void take_fields(const osip_message_t& message, Account& account) {
    auto& fields = account.fields;
    fields["start"] = MSG_IS_REQUEST(&message) ? text(message.sip_method) : std::to_string(message.status_code);
    fields["call_id"] = text(message.call_id->number);
    if (message.call_id->host != nullptr) fields["call_id"] += "@" + text(message.call_id->host);
    fields["cseq"] = number(text(message.cseq->number)) + " " + text(message.cseq->method);
    take_parameter(account, "from_tag", &message.from->gen_params, "tag");
    take_parameter(account, "to_tag", &message.to->gen_params, "tag");
    auto* via = static_cast<osip_via_t*>(osip_list_get(&message.vias, 0));
    take_parameter(account, "branch", &via->via_params, "branch");
    if (message.content_length != nullptr) fields["content_length"] = number(text(message.content_length->value));
    const osip_content_type_t* type = message.content_type;
    const bool is_sdp = type != nullptr && strcasecmp(text(type->type).c_str(), "application") == 0 &&
                        strcasecmp(text(type->subtype).c_str(), "sdp") == 0;
    osip_body_t* body = nullptr;
    osip_message_get_body(&message, 0, &body);
    if (is_sdp && body != nullptr && body->length > 0) fields["media"] = media_of(*body);
}

void say_nothing(const char*, int, osip_trace_level_t, const char*, va_list) {}

bool begin() {
    osip_trace_initialize_func(END_TRACE_LEVEL, say_nothing); // else it writes to standard output
    return parser_init() == OSIP_SUCCESS;
}

} // namespace

Account osip(std::string_view bytes) {
    static const bool is_ready = begin();
    Account account;
    osip_message_t* message = nullptr;
    osip_message_init(&message);
    if (!is_ready || osip_message_parse(message, bytes.data(), bytes.size()) != OSIP_SUCCESS) {
        account.refused = "refused";
    } else if (message->call_id == nullptr || message->cseq == nullptr || message->from == nullptr ||
               message->to == nullptr || osip_list_size(&message->vias) == 0) {
        account.refused = "missing";
    } else {
        take_fields(*message, account);
    }
    osip_message_free(message);
    return account;
}

} // namespace ringwall::differential
