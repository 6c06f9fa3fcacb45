# SPDX-License-Identifier: Apache-2.0
"""What a WallCase needs for calls through a real proxy: mix ProxyWall or RelayWall in before it."""
from . import sip
from .kamailio import Kamailio, ProxiedCall, Rtpengine


class Branch:
    """What one phone of a forked call says of its INVITE."""

    def __init__(self, call, phone, invite, tag, rtp):
        self.call, self.phone, self.invite, self.tag, self.rtp = call, phone, invite, tag, rtp

    def respond(self, status):
        """With its description, and it comes to the caller."""
        self.phone.send(sip.response(status, self.invite, tag=self.tag, body=sip.sdp(self.rtp.address, self.rtp.port),
                                     contact=f'{self.phone.user}@{self.phone.host_port}'), self.invite.source)
        self.call.caller.expect(status, self.call.call_id)

    def give_up(self):
        """The proxy cancels this branch, and the phone does as it is told."""
        cancel = self.phone.expect('CANCEL', self.call.call_id)
        self.phone.send(sip.response(200, cancel, tag=self.tag), cancel.source)
        self.phone.send(sip.response(487, self.invite, tag=self.tag), self.invite.source)
        self.phone.expect('ACK', self.call.call_id)


class ProxyWall:
    """Kamailio at the PBX's address, with rtpengine where `relay` says so. It `tells` the wall of its ports, or does not."""
    relay = tls = tells = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        inside, pbx = cls.topology.home_of('pbx'), cls.address(cls, 'pbx')
        if cls.relay:
            cls.rtpengine = Rtpengine(inside, pbx)
            cls.addClassCleanup(cls.rtpengine.stop)
        cls.proxy = Kamailio(inside, pbx, has_relay=cls.relay, is_tls=cls.tls,
                             wall=cls.wall if cls.tells else None)
        cls.addClassCleanup(cls.proxy.stop)

    def setUp(self):
        super().setUp()
        self.wait_until(self.answers, 'Kamailio answers', 20.0)

    def answers(self):
        self.assertIsNone(self.proxy.process.poll(), self.proxy.log_tail())
        probe = self.phone('desk', 5099)
        probe.send(sip.request('OPTIONS', 'sip:x@ringwall.test', via=probe.host_port, frm=f'<{probe.uri}>;tag=1',
                               to='<sip:x@ringwall.test>;tag=none', call_id=sip.new_call_id(), cseq=1),
                   self.proxy.endpoint)
        return probe.hears(404)

    @staticmethod
    def fork(call, other, *media):
        """Calls, and `other` at the same time; the two branches, each with its media."""
        call.invite(extra=[f'X-Fork: {other.uri}'])
        second = other.expect('INVITE', call.call_id)
        return [Branch(call, *each) for each in zip((call.callee, other), (call.invited, second), ('one', 'two'), media)]

    def proxied(self, caller, callee, **options):
        made = ProxiedCall(self.proxy.endpoint, caller, callee, **options)
        self.addCleanup(made.close)
        return made


class RelayWall(ProxyWall):
    """Proxy and rtpengine on the wall's own host, phones outside."""
    shape, relay = 'host', True

    def relayed(self, received):
        """Where rtpengine takes the media, by the description it passed on."""
        port = next(line for line in received.body.splitlines() if line.startswith('m=audio')).split()[1]
        return self.address('pbx'), int(port)

    def established(self, caller, callee, **options):
        """(call, where the caller sends, where the callee sends)."""
        call = self.proxied(self.phone(caller), self.phone(callee), **options)
        for_callee = self.relayed(call.invite())
        call.ring()
        for_caller = self.relayed(call.answer())
        call.ack()
        return call, for_caller, for_callee

    def assert_relayed(self, call, for_caller, for_callee):
        for sender, to, receiver in ((call.caller_rtp, for_caller, call.callee_rtp),
                                     (call.callee_rtp, for_callee, call.caller_rtp)):
            def heard(sender=sender, to=to, receiver=receiver):
                sender.send(to)
                return receiver.wait(lambda packet: packet.ssrc == sender.ssrc, 0.05)
            self.wait_until(heard, f'{sender.address} is heard through the relay')
