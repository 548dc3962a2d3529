"""networkx: shortest ways over a finished graph, from every city to every vertex.

Up and down links are arcs that only leave and only enter the ground, so that no city relays.
"""

import json
import sys
import time

import networkx as nx
import numpy as np

REPEATS = 3

given = np.load(sys.argv[1])
satellites, cities = int(given["satellites"]), int(given["cities"])
arcs = []
for (i, j), seconds in zip(given["edges"].tolist(), given["seconds"].tolist(), strict=True):
    if i < satellites and j < satellites:
        arcs += [(i, j, seconds), (j, i, seconds)]
    else:
        city, satellite = max(i, j), min(i, j)
        arcs += [(city + cities, satellite, seconds), (satellite, city, seconds)]

taken = []
for _ in range(REPEATS):
    started = time.process_time()
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(arc for arc in arcs if arc[2] < float("inf"))
    latency = []
    for city in range(satellites, satellites + cities):
        _, far = nx.dijkstra_predecessor_and_distance(graph, city + cities)
        latency.append([far.get(other, np.inf) for other in range(satellites, satellites + cities)])
        latency[-1][city - satellites] = 0.0
    taken.append(time.process_time() - started)
print(json.dumps({"cpu_s": min(taken), "to_cities_s": latency}))
