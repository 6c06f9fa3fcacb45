# SPDX-License-Identifier: Apache-2.0
"""What Prometheus gets: the agent over TCP, promtool's opinion, a real Prometheus with our alerts and our dashboard."""
import json
import os
import re
import signal
import socket
import subprocess
import urllib.parse

from ringwall_netns import janitor
from ringwall_netns.case import WallCase
from ringwall_netns.kamailio import Server
from ringwall_netns.scrape import DEFAULT, ask, series
from ringwall_netns.topology import run
from ringwall_netns.wall import ROOT, Wall
from ringwall_netns.watched import Watched

DEPLOY = ROOT / 'deploy'
LABEL = re.compile(r'(\w+)(=~?)"([^"]*)"')


def named(pattern, name):
    return set(re.findall(pattern, (ROOT / name).read_text(encoding='utf-8')))


class Scrape(WallCase):
    def metrics(self):
        status, text = ask(self.topology.edge, '/metrics')
        self.assertEqual(status, 200)
        return text

    def test_promtool_finds_nothing_to_complain_of(self):
        done = subprocess.run(['promtool', 'check', 'metrics'], input=self.metrics(), capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ''))

    def test_every_reason_and_event_of_the_code_is_there_before_it_happens(self):
        text = self.metrics()
        for label in named(r'REASON\(\d+, (\w+),', 'maps/abi/reason.h'):
            self.assertEqual(text.count(f',reason="{label}"}}'), 2, label)
        for label in named(r'EVENT\((\w+), "', 'maps/abi/counters.h'):
            self.assertIn(f'ringwall_datapath_events_total{{event="{label}"}}', text)

    def test_a_call_and_a_stranger_are_counted(self):
        before = series(self.metrics())
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.assert_refused(self.rtp('attacker'), self.rtp('pbx').endpoint, reason='no_pinhole')

        def counted():
            now = series(self.metrics())                   # at most a second old
            return now if now['ringwall_calls{state="confirmed"}'] == 1 else None
        now = self.wait_until(counted, 'the call is counted')
        self.assertGreaterEqual(now['ringwall_pinholes{phase="answered"}'], 1)
        dropped = 'ringwall_packets_total{direction="in",verdict="drop",reason="no_pinhole"}'
        self.wait_until(lambda: series(self.metrics())[dropped] > before[dropped], 'the drop is counted')
        self.assertGreater(now['ringwall_pinhole_delay_seconds_count'], 0)
        self.assertGreater(now['process_resident_memory_bytes'], 1 << 20)
        self.assertGreater(now['process_cpu_seconds_total'], 0)
        call.bye()

    def test_no_series_bears_what_outsiders_say(self):
        for number in range(20):
            self.call('attacker', 'pbx').send('OPTIONS', other_tag='', cseq=number + 1)
        call, _, _ = self.inbound()
        text = self.metrics()
        for word in (self.address('attacker'), self.address('peer'), self.address('pbx'), call.call_id):
            self.assertNotIn(word, text)
        labels = {name for name, _, _ in LABEL.findall(text)}
        self.assertLessEqual(labels, {'version', 'abi', 'mode', 'interface', 'role', 'ingress', 'egress', 'direction', 'verdict',
                                      'reason', 'event', 'defect', 'state', 'phase', 'who', 'le'})
        call.bye()

    def test_it_answers_whether_it_lives_and_is_ready_and_nothing_else(self):
        edge = self.topology.edge
        self.assertEqual(ask(edge, '/livez'), (200, 'alive\n'))
        self.assertEqual(ask(edge, '/readyz'), (200, 'ready\n'))
        for target in ('/', '/api/v1/calls', '/api/v1/reload', '/metrics/'):
            self.assertEqual(ask(edge, target)[0], 404, target)
        for target in ('/metrics', '/api/v1/reload', '/api/v1/pinholes/open'):
            self.assertEqual(ask(edge, target, method='POST')[0], 405, target)

    def test_a_refused_reload_shows(self):
        good = self.wall.config_path.read_text(encoding='utf-8')
        self.addCleanup(self.wall.reload)
        self.addCleanup(self.wall.write_config, good)
        self.wall.write_config('version: 2\n')
        self.wall.invoke('reload')
        self.wait_until(lambda: series(self.metrics())['ringwall_config_last_reload_successful'] == 0, 'the refusal shows')


class ElsewhereOverIPv6(WallCase):
    config = {'http': {'listen': '[::1]:10561'}, 'outside': ['outer', 'vanishing']}

    def setUp(self):
        super().setUp()
        self.agent_may_be_down = True

    def test_it_listens_where_it_is_told_to(self):
        at = ('::1', 10561)
        self.assertEqual(ask(self.topology.edge, '/livez', at), (200, 'alive\n'))
        with self.assertRaises(ConnectionRefusedError):
            ask(self.topology.edge, '/livez')

    def test_off_is_off_and_a_port_that_is_taken_stops_no_wall(self):
        edge = self.topology.edge
        self.wall.stop()
        self.wall.configure({'http': {'listen': 'off'}})
        self.wall.start()
        with self.assertRaises(ConnectionRefusedError):
            ask(edge, '/livez')
        self.wall.stop()
        taken = edge.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.addCleanup(taken.close)
        taken.bind(DEFAULT)
        taken.listen()
        self.wall.configure({})
        self.wall.start()
        self.assertIn('http: listen on 127.0.0.1:10560', self.wall.log_tail())
        self.assert_refused(self.rtp('third'), self.rtp('pbx').endpoint, reason='no_pinhole')
        # It says so to who asks, and has the port when that is free again.
        self.assertIn('listen on 127.0.0.1:10560', self.wall.command('status')['http']['error'])
        self.assertRegex(self.wall.invoke('status').stdout, r'no metrics +listen on 127\.0\.0\.1:10560')
        self.assertIn('listen on 127.0.0.1:10560', self.wall.invoke('doctor').stdout)
        taken.close()
        self.wait_until(lambda: self.wall.command('status')['http']['error'] == '', 'the port is had')
        self.assertEqual(ask(edge, '/livez'), (200, 'alive\n'))
        os.kill(self.wall.worker(), signal.SIGKILL)
        self.wait_until(lambda: self.wall.invoke("status").returncode == 0, "another worker answers")
        self.assertEqual(ask(edge, '/livez'), (200, 'alive\n'))

    def test_without_an_interface_it_is_not_ready(self):
        other = Wall(self.topology, {'outside': ['absent0'], 'http': {'listen': '127.0.0.1:10562'}})
        self.addCleanup(other.close)
        other.start()
        self.assertEqual(ask(self.topology.edge, '/readyz', ('127.0.0.1', 10562)), (503, 'no outside interface is there\n'))


class Missing(Watched, WallCase):
    """One interface of several that `outside` names is not there under its name."""
    config = {'outside': ['outer', 'second', 'wan*', 'misspelt']}

    @classmethod
    def prepare(cls):
        run('ip', '-n', cls.topology.edge.name, 'link', 'add', 'second', 'type', 'veth', 'peer', 'name', 'second-end')

    def unguarded(self):
        """The names that an alert would say, and the wall's own word for each."""
        text = ask(self.topology.edge, '/metrics')[1]
        found = re.findall(r'^ringwall_interface_attached\{interface="([^"]+)",role="outside".*\} 0$', text, re.MULTILINE)
        told = {i['name']: i['why'] for i in self.wall.status()['interfaces'] if i['ingress'] == 'none'}
        self.assertEqual(told, dict.fromkeys(told, 'there is no such interface'))
        return sorted(found) if set(found) == set(told) else None

    def test_it_shows_in_the_metrics_until_it_is_there_and_the_wall_is_ready_with_the_others(self):
        self.assertEqual(self.unguarded(), ['misspelt'])
        self.in_edge('ip', 'link', 'set', 'second', 'name', 'renamed')
        self.wait_until(lambda: self.unguarded() == ['misspelt', 'second'], 'the name that nobody has any more shows')
        self.assertRegex(self.wall.log.read_text(encoding='utf-8'), r'warn.* attach\.gone: second is called renamed now')
        self.assertEqual(self.readiness(), (200, 'ready\n'))
        faults = self.wall.invoke('doctor').stdout
        for name in ('misspelt', 'second'):
            self.assertEqual(faults.count(f'interfaces: there is no interface {name}, which outside names'), 1)
        self.assertEqual(faults.count('interfaces: '), 2)
        self.in_edge('ip', 'link', 'set', 'renamed', 'name', 'second')
        self.wait_until(lambda: self.unguarded() == ['misspelt'], 'it is attached under its name')
        self.assertEqual(self.logged(r'attach\.gone: (second: gone|misspelt)'), 0)


class Prometheus(WallCase):
    """Debian's, beside the wall, with the rules that we ship."""
    at = ('127.0.0.1', 9090)

    @classmethod
    def prepare(cls):
        directory = janitor.scratch() / 'prometheus'
        directory.mkdir()
        config = {'global': {'scrape_interval': '1s', 'evaluation_interval': '1s'},
                  'rule_files': [str(DEPLOY / 'prometheus/ringwall.rules.yml')],
                  'scrape_configs': [{'job_name': 'ringwall', 'static_configs': [{'targets': ['%s:%d' % DEFAULT]}]}]}
        (directory / 'prometheus.yml').write_text(json.dumps(config), encoding='utf-8')
        cls.server = Server(cls.topology.edge, 'prometheus', 'prometheus', f'--config.file={directory}/prometheus.yml',
                            f'--storage.tsdb.path={directory}/data', '--web.listen-address=%s:%d' % cls.at)
        cls.addClassCleanup(cls.server.stop)

    def query(self, expression):
        status, body = ask(self.topology.edge, '/api/v1/query?' + urllib.parse.urlencode({'query': expression}), self.at)
        answer = json.loads(body)
        self.assertEqual((status, answer['status']), (200, 'success'), f'{expression}: {body}')
        return answer['data']['result']

    def is_up(self):
        try:
            return [r['value'][1] for r in self.query('up{job="ringwall"}')] == ['1']
        except OSError:
            return False

    def test_it_scrapes_the_wall_and_every_panel_has_an_answer(self):
        self.wait_until(self.is_up, 'Prometheus has scraped the agent', timeout=30)
        call, outside, inside = self.inbound()
        self.assert_both_hear(outside, inside)
        self.assert_refused(self.rtp('attacker'), self.rtp('pbx').endpoint, reason='no_pinhole')
        self.phone('attacker').send(b'INVITE sip:pbx SIP/2.0\r\n\r\n', self.phone('pbx').endpoint)
        drops = 'increase(ringwall_packets_total{reason="no_pinhole"}[1m]) > 0'
        self.wait_until(lambda: self.query(drops), 'the drops have been scraped', timeout=30)
        self.wait_until(lambda: self.query('ringwall_calls{state="confirmed"} == 1'), 'the call has been scraped', timeout=10)
        for title, expression in expressions():
            found = self.query(expression.replace('$instance', '.*').replace('$__rate_interval', '1m'))
            if '> 0' not in expression:
                self.assertTrue(found, f'panel {title}: nothing for {expression}')
        self.assertEqual(self.query('scrape_samples_scraped{job="ringwall"} > 1000'), [])
        call.bye()

    def test_its_alerts_are_quiet_and_one_of_them_fires_when_the_agent_is_gone(self):
        self.agent_may_be_down = True
        self.wait_until(self.is_up, 'Prometheus has scraped the agent', timeout=30)
        self.assertEqual(self.query('ALERTS{alertname!="RingwallMonitorMode"}'), [])
        self.wall.stop()
        self.wait_until(lambda: self.query('ALERTS{alertname="RingwallDown"}'), 'the alert is pending', timeout=20)
        self.wall.start()
        self.wait_until(lambda: not self.query('ALERTS{alertname="RingwallDown"}'), 'the alert is gone', timeout=20)


def expressions():
    for panel in json.loads((DEPLOY / 'grafana/ringwall.json').read_text(encoding='utf-8'))['panels']:
        for target in panel['targets']:
            yield panel['title'], target['expr']
