import subprocess
import sys
from pathlib import Path

from eit import data

NOT_NEEDED = {
    "folium",
    "httpx2",
    "jinja2",
    "networkx",
    "osmium",
    "pyogrio",
    "sqlalchemy",
    "xlsxwriter",
}
"""Libraries for maps, workbooks, circles of hubs, registers and the portal: slow, and heavy."""

JOB = """
import sys
from pathlib import Path
from eit.matching.flows import list_flows
from eit.matching.matcher import find_market
from eit.matching.problem import build
from eit.results.writing import write_table
from eit.scenario import Scenario, resolve
from eit.territory import read_territory
from solvers.exchange import solve

read = read_territory(Path(sys.argv[1]))
settings = resolve(read.toml, read.scenario, Scenario())
offer = find_market(read, settings).offer
flows = list_flows(offer, solve(build(offer, settings)).shipped)
write_table(flows.table, Path(sys.argv[2]))
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_reading_matching_and_writing_flows_loads_nothing_that_they_do_not_use(tmp_path):
    territory = tmp_path / "town"
    (territory / "declarations").mkdir(parents=True)
    (territory / "territory.toml").write_text('[territory]\nname = "Town"\n', encoding="utf-8")
    (territory / "sites.csv").write_text(
        "site_id,name,lon,lat\nA,Alpha,2.0,47.0\nB,Beta,2.01,47.0\n", encoding="utf-8"
    )
    (territory / "declarations" / "all.csv").write_text(
        "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit\n"
        "R,A,residue,wood_chips,500,t,50\nN,B,need,wood_chips,500,t,60\n",
        encoding="utf-8",
    )
    flows = tmp_path / "flows.csv"

    done = subprocess.run(
        [sys.executable, "-c", JOB, str(territory), str(flows)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(data.__file__).parents[1],
    )

    assert done.returncode == 0, done.stderr
    assert not NOT_NEEDED & set(done.stdout.split())
    assert len(flows.read_text(encoding="utf-8").splitlines()) == 2
