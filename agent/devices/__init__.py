"""Gear of the office's LAN, asked by SNMP. Only `session` and `trap_packets` import pysnmp, when one is assigned."""
