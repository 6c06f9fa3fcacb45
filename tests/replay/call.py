# SPDX-License-Identifier: Apache-2.0
"""A whole call as a capture, from an inside phone to one outside, and what the wall says to each of its packets."""
from captures import IN, OUT, Script, udp
from ringwall_netns import media, sip

STEP = 0.02  # between packets, unless said: longer than the agent takes


class Call:
    """Adds packets to a script; every one comes STEP after the one before."""

    def __init__(self, script, inside='192.0.2.10', outside='198.51.100.7', port=10000, begins_inside=True):
        self.script, self.inside, self.outside = script, inside, outside
        self.here, self.there = (inside, port), (outside, 30000)
        self.direction = OUT if begins_inside else IN
        self.call_id, self.branch = sip.new_call_id(), sip.new_branch()
        self.caller = self._side(self.direction)
        self.callee = self._side(IN if begins_inside else OUT)

    def _side(self, direction):
        return {'address': self.inside if direction == OUT else self.outside,
                'media': self.here if direction == OUT else self.there}

    def _request(self, method, cseq, body='', to_tag=';tag=callee', extra=()):
        host = sip.uri_host(self.caller['address'])
        return sip.request(method, f'sip:callee@{sip.uri_host(self.callee["address"])}', via=f'{host}:5060',
                           frm=f'<sip:caller@{host}>;tag=caller', to=f'<sip:callee@example.net>{to_tag}',
                           call_id=self.call_id, cseq=cseq, contact=f'caller@{host}', body=body, branch=self.branch,
                           extra=extra)

    def _message(self, direction, text):
        ends = [(self.inside, 5060), (self.outside, 5060)]
        source, destination = ends if direction == OUT else ends[::-1]
        return self._add(direction, udp(source, destination, text if isinstance(text, bytes) else text.encode()))

    def _add(self, direction, packet):
        self.script.wait(STEP)
        return self.script.add(direction, packet)

    def _other(self):
        return IN if self.direction == OUT else OUT

    @staticmethod
    def _describe(side, **how):
        """`line` of a side is its first m-line, if not audio; `more` is SDP behind that: its attributes, further m-lines.
        `session` stands before it."""
        address, port = side['media']
        text = sip.sdp(address, port, **how) + ''.join(f'{line}\r\n' for line in side.get('more', ()))
        before, audio, rest = text.partition('m=')
        audio, behind, rest = (audio + rest).partition('\r\n')
        line = side['line'].format(port) if 'line' in side else audio
        return before + ''.join(f'{each}\r\n' for each in side.get('session', ())) + line + behind + rest

    def invite(self, extra=(), payloads=(0, 101)):
        self.offer = self._request('INVITE', 1, self._describe(self.caller, payloads=payloads), to_tag='', extra=extra)
        return self._message(self.direction, self.offer)

    def respond(self, status, with_sdp=True):
        address = self.callee['media'][0]
        return self._message(self._other(), sip.response(status, sip.Message(self.offer.encode(), None), tag='callee',
                                                         contact=f'callee@{sip.uri_host(address)}',
                                                         body=self._describe(self.callee) if with_sdp else ''))

    def ack(self, cseq=1):
        return self._message(self.direction, self._request('ACK', cseq))

    def bye(self):
        self.branch = sip.new_branch()
        self.offer = self._request('BYE', 2)
        self._message(self.direction, self.offer)
        return self.respond(200, with_sdp=False)

    def answer(self):
        self.invite()
        self.respond(180, with_sdp=False)
        self.respond(200)
        return self.ack()

    def renegotiate(self):
        """A re-INVITE, by what the sides say now."""
        self.branch = sip.new_branch()
        self.offer = self._request('INVITE', 2, self._describe(self.caller))
        self._message(self.direction, self.offer)
        self.respond(200)
        return self.ack(2)

    def hear(self, source=None, port=None, sequence=1, ssrc=7, payload=None):
        """A packet of media inwards, by default as negotiated."""
        to = (self.inside, port or self.here[1])
        return self._add(IN, udp(source or self.there, to, payload or media.rtp(sequence, ssrc)))

    def speak(self, sequence=1, payload=None, ports_on=0):
        here, there = (self.here[0], self.here[1] + ports_on), (self.there[0], self.there[1] + ports_on)
        return self._add(OUT, udp(here, there, payload or media.rtp(sequence, 9)))

    def both(self, payload, ports_on=0):
        """The same bytes there and back; `ports_on`: to and from so many ports on."""
        self.speak(payload=payload, ports_on=ports_on)
        return self.hear((self.there[0], self.there[1] + ports_on), self.here[1] + ports_on, payload=payload)


def whole_call(**where):
    """The script, and what is expected of it."""
    script = Script()
    call = Call(script, **where)
    call.answer()
    expected = ['out pass out_sip', 'in pass sip', 'in pass sip', 'out pass out_sip']
    if call.direction == IN:
        expected = ['in pass sip', 'out pass out_sip', 'out pass out_sip', 'in pass sip']
    for step, told in (
            (lambda: call.speak(1), 'out pass out_media'),
            (lambda: call.hear(sequence=1), 'in pass pinhole_rtp'),
            (lambda: call.hear(sequence=2), 'in pass pinhole_rtp'),
            (lambda: call.hear((call.outside, 30001), call.here[1] + 1, payload=media.rtcp_receiver_report(7)),
             'in pass pinhole_rtcp'),
            (lambda: call.hear((_stranger(call), 4000), ssrc=66), 'in drop rtp_injection'),
            (lambda: call.hear(port=call.here[1] + 2), 'in drop no_pinhole'),
            (lambda: call.hear(sequence=3), 'in pass pinhole_rtp'),
    ):
        step()
        expected.append(told)
    call.bye()
    expected += ['out pass out_sip', 'in pass sip'] if call.direction == OUT else ['in pass sip', 'out pass out_sip']
    call.hear(sequence=4)
    script.wait(3)
    call.hear(sequence=5)
    return script, expected + ['in pass pinhole_draining', 'in drop call_ended']


def _stranger(call):
    return '2001:db8:bad::1' if ':' in call.inside else '203.0.113.66'
