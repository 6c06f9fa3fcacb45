# SPDX-License-Identifier: Apache-2.0
"""One call between two phones, a step at a time: each step sends one message and waits for it at the other end."""
from . import sip
from .media import Rtp


class Call:
    """`caller` and `callee` are Phones. Each side has one Rtp socket; offers and answers name it unless told otherwise."""

    def __init__(self, caller, callee, *, caller_rtp=None, callee_rtp=None, call_id=None):
        self.caller, self.callee = caller, callee
        self.caller_rtp = caller_rtp or Rtp(caller.namespace, caller.address)
        self.callee_rtp = callee_rtp or Rtp(callee.namespace, callee.address)
        self.call_id = call_id or sip.new_call_id()
        self.caller_tag, self.callee_tag = sip.new_tag(), sip.new_tag()
        self.cseq = {'caller': 1, 'callee': 1}
        self.invite_branch = None
        self.invited = None                       # the INVITE as the callee received it

    # who is who

    def phone(self, side):
        return self.caller if side == 'caller' else self.callee

    def other(self, side):
        return 'callee' if side == 'caller' else 'caller'

    def rtp(self, side):
        return self.caller_rtp if side == 'caller' else self.callee_rtp

    def party(self, side, tag=None):
        """The From or To value of one side, with its tag unless `tag` says otherwise ('' = none)."""
        tag = (self.caller_tag if side == 'caller' else self.callee_tag) if tag is None else tag
        return f'<{self.phone(side).uri}>' + (f';tag={tag}' if tag else '')

    def sdp(self, side, **changes):
        rtp = self.rtp(side)
        return sip.sdp(changes.pop('address', rtp.address), *changes.pop('ports', [rtp.port]), **changes)

    # steps

    def send(self, method, side='caller', *, body='', cseq=None, branch=None, own_tag=None, other_tag=None, extra=(),
             call_id=None, to=None, via=None, contact=None):
        """Sends one request of the dialog and does not wait for it."""
        phone, peer = self.phone(side), self.phone(self.other(side))
        if cseq is None:
            self.cseq[side] += 1
            cseq = self.cseq[side]
        text = sip.request(method, peer.uri, via=via or phone.host_port, frm=self.party(side, own_tag),
                           to=self.party(self.other(side), other_tag), call_id=call_id or self.call_id, cseq=cseq,
                           contact=contact or f'{phone.user}@{phone.host_port}', body=body, branch=branch, extra=extra)
        phone.send(text, to or peer.endpoint)
        return text

    def request(self, method, side='caller', **options):
        """Sends one request; returns it as the other side received it."""
        self.send(method, side, **options)
        return self.phone(self.other(side)).expect(method, options.get('call_id') or self.call_id)

    def respond(self, received, status, *, tag=None, body='', side='callee', extra=()):
        """`side` answers a received request; returns the response as the other side received it."""
        phone = self.phone(side)
        own = self.callee_tag if side == 'callee' else self.caller_tag
        phone.send(sip.response(status, received, tag=own if tag is None else tag, body=body, extra=extra,
                                contact=f'{phone.user}@{phone.host_port}'), received.source)
        return self.phone(self.other(side)).expect(status, self.call_id)

    def invite(self, body=None, **options):
        self.invite_branch = sip.new_branch()
        self.cseq['caller'] = options.pop('cseq', 1)
        self.invited = self.request('INVITE', body=self.sdp('caller') if body is None else body, other_tag='',
                                    branch=self.invite_branch, cseq=self.cseq['caller'], **options)
        return self.invited

    def ring(self, status=180, body='', tag=None):
        return self.respond(self.invited, status, body=body, tag=tag)

    def answer(self, body=None, tag=None):
        if tag:
            self.callee_tag = tag
        return self.respond(self.invited, 200, body=self.sdp('callee') if body is None else body)

    def ack(self, body='', side='caller', cseq=None, **options):
        return self.request('ACK', side, cseq=cseq or self.cseq[side], body=body, **options)

    def refuse(self, status):
        """A failure response and its ACK, which belongs to the INVITE's transaction."""
        self.respond(self.invited, status)
        return self.ack(branch=self.invite_branch)

    def cancel(self):
        """CANCEL, its 200 and the INVITE's 487, and the ACK of that."""
        received = self.request('CANCEL', cseq=self.cseq['caller'], branch=self.invite_branch, other_tag='')
        self.respond(received, 200)
        self.refuse(487)

    def establish(self):
        """INVITE, 180, 200, ACK, with an offer and an answer."""
        self.invite()
        self.ring()
        self.answer()
        self.ack()
        return self

    def reinvite(self, side='caller', offer=None, answer=None, status=200):
        """A whole re-INVITE (or, with a failure status, a refused one)."""
        other = self.other(side)
        branch = sip.new_branch()
        received = self.request('INVITE', side, body=self.sdp(side) if offer is None else offer, branch=branch)
        if status >= 300:
            self.respond(received, status, side=other)
            return self.ack(side=side, branch=branch)
        self.respond(received, status, side=other, body=self.sdp(other) if answer is None else answer)
        return self.ack(side=side)

    def bye(self, side='caller'):
        """BYE and its 200."""
        received = self.request('BYE', side)
        return self.respond(received, 200, side=self.other(side))

    def close(self):
        self.caller_rtp.close()
        self.callee_rtp.close()
